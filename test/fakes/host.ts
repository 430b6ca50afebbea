/** A host in memory. Its plans are as real hosts make them in shape, not in detail. */
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError } from '../../src/errors.ts';
import type { ClusterSettings, Host } from '../../src/host/host.ts';
import type { RunId } from '../../src/ids.ts';
import type { Effects } from './effects.ts';
import { commandsOf } from './host-commands.ts';
import { copyOf, makeDir, startEtcd, unitOf } from './machine.ts';
import type { Data, Machine, Site } from './machine.ts';
import { joinRestored } from './restored-membership.ts';
import { fakeUndo } from './undo-host.ts';
import { fakeHostV2 } from './v2-host.ts';

interface FakeHostDeps {
  readonly machine: Machine;
  readonly site: Site;
  readonly effects: Effects;
  /** The data behind a snapshot's sha256. */
  readonly contentOf: (sha256: string) => Data | undefined;
}

const configuration = { style: 'environment-file', file: '/etc/default/etcd' } as const;

/** Makes a host over a machine's state. */
export function fakeHost({ machine, site, effects, contentOf }: FakeHostDeps): Host {
  const { member } = machine;
  const paths = (run: RunId) => ({
    snapshot: `${site.dataDir}.${run}.snapshot`,
    restored: `${site.dataDir}.${run}.new`,
    aside: `${site.dataDir}.${run}.old`,
  });
  const reach = () => {
    effects.assertAlive();
    if (!machine.powered) throw new OpsError('HOST_UNREACHABLE', `${member} does not answer over ssh.`);
  };
  const dir = (path: string) => {
    const found = machine.dirs.get(path);
    if (found === undefined) return { exists: false, path } as const;
    return {
      exists: true,
      path,
      owner: 'etcd',
      group: 'etcd',
      mode: '700',
      sizeBytes: 1000,
      identity: found.identity,
      empty: found.data === undefined,
    } as const;
  };
  const perform = (name: string, whole: () => boolean, half?: () => void) => {
    reach();
    effects.perform(`${name} ${member}`, half === undefined ? { whole } : { whole, half });
  };
  const undo = fakeUndo({ machine, site, paths, reach, perform });
  return {
    member,
    address: machine.address,
    unitName: 'etcd',
    dataDir: site.dataDir,
    paths,
    async preflight() {
      reach();
      return {
        unit: unitOf(machine),
        serverVersion: machine.toolVersion,
        tool: { program: 'etcdctl', version: machine.toolVersion, canBumpRevision: machine.canBumpRevision },
        configuration,
        dataDir: dir(site.dataDir),
        freeBytes: machine.freeBytes,
        clockOffsetMs: machine.clockOffsetMs,
      };
    },
    async unit() {
      reach();
      return unitOf(machine);
    },
    async dir(path) {
      reach();
      return dir(path);
    },
    async dirs(several) {
      reach();
      return several.map(dir);
    },
    async has(path) {
      reach();
      return machine.files.has(path) || machine.dirs.has(path);
    },
    async existing(several) {
      reach();
      return new Set(several.filter((path) => machine.files.has(path) || machine.dirs.has(path)));
    },
    async beside() {
      reach();
      return [...machine.dirs.keys(), ...machine.files.keys()].filter((path) => path.startsWith(`${site.dataDir}.`));
    },
    async fenced() {
      reach();
      return machine.unit.active || !machine.unit.masked ? fails(`${member} is not fenced`) : holds();
    },
    async fileSha256(path) {
      reach();
      return machine.files.get(path);
    },
    async restored(path) {
      reach();
      const data = machine.dirs.get(path)?.data;
      if (data === undefined) return undefined;
      return {
        revision: data.revision,
        totalKeys: data.keys.size,
        totalSizeBytes: 1000,
        hash: JSON.stringify([...data.keys].map(([key, { value }]) => [key, value])),
      };
    },
    async configuration() {
      reach();
      return configuration;
    },
    async configured(settings) {
      reach();
      return stands(machine, settings) ? holds() : fails(`${member} has other settings`);
    },
    async receive({ remotePath, sha256 }) {
      perform(
        'receive',
        () => {
          if (machine.files.get(remotePath) === sha256) return false;
          machine.files.delete(`${remotePath}.part`);
          machine.files.set(remotePath, sha256);
          return true;
        },
        () => machine.files.set(`${remotePath}.part`, 'half'),
      );
    },
    async restoreSnapshot({ snapshotPath, intoDir, memberName, initialCluster, initialClusterToken, bumpRevisionBy }) {
      perform(
        'restoreSnapshot',
        () => {
          if (machine.dirs.has(intoDir)) return false;
          const content = contentOf(machine.files.get(snapshotPath) ?? '');
          if (content === undefined) throw new OpsError('SNAPSHOT_INVALID', `${snapshotPath} is no snapshot.`);
          machine.dirs.delete(`${intoDir}.part`);
          const memberId = joinRestored(site, { initialCluster, initialClusterToken, memberName });
          const restored = {
            ...copyOf(content),
            memberId,
            revision: content.revision + (bumpRevisionBy ?? 0n),
            token: initialClusterToken,
          };
          machine.dirs.set(intoDir, makeDir(site, restored));
          return true;
        },
        () => machine.dirs.set(`${intoDir}.part`, makeDir(site, undefined)),
      );
    },
    async configure(settings) {
      perform('configure', () => {
        const same = stands(machine, settings);
        if (!same) undo.keepCopy(settings);
        machine.settings = { ...machine.settings, ...settings };
        return !same;
      });
      return { difference: '' };
    },
    async unmaskAndStart() {
      perform(
        'unmaskAndStart',
        () => {
          const was = machine.unit.active;
          if (!was) startEtcd(machine, site);
          return !was;
        },
        () => {
          machine.unit.masked = false;
        },
      );
    },
    async freeBytes() {
      reach();
      return machine.freeBytes;
    },
    async certificates() {
      reach();
      return machine.certificates;
    },
    async reach(address) {
      reach();
      const other = [...site.machines.values()].find((each) => each.address === address);
      if (machine.cutFrom.has(address) || other?.powered !== true) return 'no-answer';
      return other.unit.active ? 'open' : 'refused';
    },
    async makeDataDir() {
      perform('makeDataDir', () => {
        if (machine.dirs.has(site.dataDir)) return false;
        machine.dirs.set(site.dataDir, makeDir(site, undefined));
        return true;
      });
    },
    async stop() {
      perform('stop', () => {
        const was = machine.unit.active;
        machine.unit.active = false;
        return was;
      });
    },
    async restart() {
      perform('restart', () => {
        startEtcd(machine, site);
        return true;
      });
    },
    async fetchDatabase() {
      reach();
      const data = machine.dirs.get(site.dataDir)?.data;
      if (machine.unit.active || data === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${member} has no database to copy.`);
      return { bytes: data.dbSizeBytes, sha256: data.memberId.padEnd(64, '0') };
    },
    async putDataAside(run) {
      const { aside } = paths(run);
      const move = () => {
        if (machine.dirs.has(aside)) return;
        machine.dirs.set(aside, machine.dirs.get(site.dataDir) ?? makeDir(site, undefined));
        machine.dirs.delete(site.dataDir);
      };
      perform(
        'putDataAside',
        () => {
          if (machine.dirs.has(aside) && machine.dirs.has(site.dataDir)) return false;
          if (machine.unit.active || !machine.unit.masked) throw new Error(`${member} is not fenced while its data is put aside`);
          move();
          machine.dirs.set(site.dataDir, makeDir(site, undefined));
          return true;
        },
        move,
      );
    },
    async removeScratch(run) {
      perform('removeScratch', () => {
        const half = machine.dirs.delete(`${paths(run).restored}.part`);
        return machine.files.delete(paths(run).snapshot) || half;
      });
    },
    async removeRestored(run) {
      perform('removeRestored', () => {
        if (machine.dirs.has(paths(run).aside)) throw new Error(`${member} would lose what it needs`);
        return machine.dirs.delete(paths(run).restored);
      });
    },
    async stopAndMask() {
      perform(
        'stopAndMask',
        () => {
          const was = machine.unit.active || !machine.unit.masked;
          machine.unit = { active: false, masked: true };
          return was;
        },
        () => {
          machine.unit.masked = true;
        },
      );
    },
    async swapDataDir(run) {
      const { restored, aside } = paths(run);
      const moveAside = () => {
        if (machine.dirs.has(aside)) return;
        machine.dirs.set(aside, machine.dirs.get(site.dataDir) ?? makeDir(site, undefined));
        machine.dirs.delete(site.dataDir);
      };
      perform(
        'swapDataDir',
        () => {
          const next = machine.dirs.get(restored);
          if (next === undefined) return false;
          if (machine.unit.active) throw new Error(`${member} runs while its data is swapped`);
          moveAside();
          machine.dirs.set(site.dataDir, next);
          machine.dirs.delete(restored);
          return true;
        },
        moveAside,
      );
    },
    async deleteAside(run) {
      perform('deleteAside', () => machine.dirs.delete(paths(run).aside));
    },
    ...undo.part,
    v2: fakeHostV2({ machine, site, paths, reach, perform }),
    commands: commandsOf(machine, site, paths),
  };
}

function stands({ settings }: Machine, wanted: ClusterSettings): boolean {
  return Object.entries(wanted).every(([name, value]) => settings[name as keyof typeof settings] === value);
}
