/** What a host in memory can do for API 2: backups beside the data-dir, and a start as a new cluster of one. */
import { createHash } from 'node:crypto';
import { OpsError } from '../../src/errors.ts';
import type { RunPaths } from '../../src/host/host.ts';
import type { HostV2 } from '../../src/host/v2.ts';
import type { RunId } from '../../src/ids.ts';
import { copyOf, makeDir, startEtcd } from './machine.ts';
import type { Data, Machine, Site } from './machine.ts';

interface FakeV2HostDeps {
  readonly machine: Machine;
  readonly site: Site;
  readonly paths: (run: RunId) => RunPaths;
  readonly reach: () => void;
  readonly perform: (name: string, whole: () => boolean, half?: () => void) => void;
}

/** The data of a backup: what API 2 has, and of API 3 only what somebody put in by hand. */
function backupOf(data: Data, run: string): Data {
  const backup: Data = { ...copyOf(data), token: `v2-${run}`, revision: 0n };
  backup.keys.clear();
  return backup;
}

/** Makes it over a machine's state. */
export function fakeHostV2({ machine, site, paths, reach, perform }: FakeV2HostDeps): HostV2 {
  const { member } = machine;
  const on = (...argv: string[]) => [{ on: member, argv }];
  const make = (name: string, run: RunId, content: () => Data | undefined) => {
    const { restored } = paths(run);
    perform(
      name,
      () => {
        if (machine.dirs.has(restored)) return false;
        const data = content();
        if (data === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${member} has nothing to read.`);
        machine.dirs.delete(`${restored}.part`);
        machine.dirs.set(restored, makeDir(site, data));
        return true;
      },
      () => machine.dirs.set(`${restored}.part`, makeDir(site, undefined)),
    );
  };
  return {
    async settings() {
      reach();
      return { style: machine.style, enabled: machine.enableV2, tool: { program: 'etcdctl', version: machine.toolVersion } };
    },
    async makeBackup(run) {
      make('makeBackup', run, () => {
        const data = machine.dirs.get(site.dataDir)?.data;
        return data && backupOf(data, run);
      });
    },
    async unpackBackup(run) {
      make('unpackBackup', run, () => {
        const data = site.v2Archives.get(machine.files.get(paths(run).snapshot) ?? '');
        return data && copyOf(data);
      });
    },
    async inspect(run) {
      reach();
      const data = machine.dirs.get(paths(run).restored)?.data;
      if (data === undefined) return undefined;
      return {
        walFiles: 1,
        bytes: 64_000_000,
        snapshotIndex: 0n,
        commitIndex: 9n,
        v3: { held: data.keys.size > 0, revision: data.revision, totalKeys: data.keys.size + 1 },
      };
    },
    async fetchBackup(run) {
      reach();
      const data = machine.dirs.get(paths(run).restored)?.data;
      if (data === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${member} has no backup.`);
      const sha256 = createHash('sha256')
        .update(JSON.stringify([[...data.v2Keys], [...data.keys.keys()], data.token]))
        .digest('hex');
      site.v2Archives.set(sha256, copyOf(data));
      return { bytes: 20_000, sha256 };
    },
    async force() {
      reach();
      return { inUnit: machine.force.set, inSettings: false, inProcess: machine.unit.active ? machine.force.runs : undefined };
    },
    async setForce() {
      perform('setForce', () => {
        const was = machine.force.set;
        machine.force.set = true;
        return !was;
      });
    },
    async clearForce() {
      const clear = () => {
        const was = machine.force.set;
        machine.force.set = false;
        return was;
      };
      perform(
        'clearForce',
        () => {
          const was = clear();
          if (!machine.unit.active || !machine.force.runs) return was;
          startEtcd(machine, site);
          return true;
        },
        clear,
      );
    },
    commands: {
      makeBackup: (run) => on('etcdctl', 'backup', `--backup-dir=${paths(run).restored}`),
      unpackBackup: (run) => on('tar', '--extract', `--file=${paths(run).snapshot}`),
      fetchBackup: (run) => on('tar', '--create', `--directory=${paths(run).restored}`),
      setForce: () => on('set', 'ETCD_FORCE_NEW_CLUSTER'),
      clearForce: () => on('unset', 'ETCD_FORCE_NEW_CLUSTER'),
    },
  };
}
