/** What a host in memory says of API 2, and the copy of its backup. */
import { createHash } from 'node:crypto';
import { OpsError } from '../../src/errors.ts';
import type { HostV2 } from '../../src/host/v2.ts';
import { pathsOf } from './operation.ts';
import type { On } from './operation.ts';
import { copyOf } from './machine.ts';

/** Makes it over a machine's state. */
export function fakeHostV2({ machine, site, run: own }: On, reach: () => void): HostV2 {
  return {
    async settings() {
      reach();
      return { style: machine.style, enabled: machine.enableV2, tool: { program: 'etcdctl', version: machine.toolVersion } };
    },
    async inspect(run) {
      reach();
      const data = machine.dirs.get(pathsOf(site, run).restored)?.data;
      if (data === undefined) return undefined;
      return {
        walFiles: 1,
        bytes: 64_000_000,
        snapshotIndex: 0n,
        commitIndex: 9n,
        v3: { held: data.keys.size > 0, revision: data.revision, totalKeys: data.keys.size + 1 },
      };
    },
    async fetchBackup() {
      reach();
      const data = machine.dirs.get(pathsOf(site, own).restored)?.data;
      if (data === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${machine.member} has no backup.`);
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
  };
}
