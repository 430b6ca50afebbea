/** A host in memory. Its plans are as real hosts make them in shape, not in detail. */
import type { Approval } from '../../src/engine/approval.ts';
import type { PlannedCommand } from '../../src/engine/command.ts';
import { fails, holds } from '../../src/engine/finding.ts';
import { OpsError, isOpsError } from '../../src/errors.ts';
import type { ClusterSettings, Host, HostAct, Part } from '../../src/host/host.ts';
import type { Effects } from './effects.ts';
import { copyName, decide, stands } from './host-decide.ts';
import { sightOf } from './sight.ts';
import { unitOf } from './machine.ts';
import { pathsOf } from './operation.ts';
import type { On } from './operation.ts';
import { fakeHostV2 } from './v2-host.ts';

interface FakeHostDeps extends On {
  readonly effects: Effects;
}

const configuration = { style: 'environment-file', file: '/etc/default/etcd' } as const;

/** How each act is called in the log of effects. */
const effectNames: Readonly<Record<HostAct['act'], string>> = {
  receive: 'receive',
  restore: 'restoreSnapshot',
  settings: 'configure',
  'unmask-start': 'unmaskAndStart',
  'make-data-dir': 'makeDataDir',
  stop: 'stop',
  restart: 'restart',
  'remove-scratch': 'removeScratch',
  'remove-restored': 'removeRestored',
  'v2-backup': 'makeBackup',
  'v2-unpack': 'unpackBackup',
  'v2-force': 'setForce',
  'v2-unforce': 'clearForce',
  fence: 'stopAndMask',
  swap: 'swapDataDir',
  'put-aside': 'putDataAside',
  'put-back': 'returnAside',
  'delete-aside': 'deleteAside',
  'fetch-database': 'fetchDatabase',
  'v2-fetch': 'fetchBackup',
};

/** Makes a host over a machine's state. */
export function fakeHost({ effects, ...on }: FakeHostDeps): Host {
  const { machine, site } = on;
  const { member } = machine;
  const pathOf = (part: Part) => (part === 'data' ? site.dataDir : pathsOf(site, part.run)[part.what]);
  const reach = () => {
    effects.assertAlive();
    if (!machine.powered) throw new OpsError('HOST_UNREACHABLE', `${member} does not answer over ssh.`);
  };
  const perform = (act: HostAct, approval?: Approval) => {
    reach();
    const operations = decide(act, on);
    if (approval !== undefined) demandApproved(act, operations.map(planned(member)), approval);
    const [first] = operations;
    const half = first?.half ?? (operations.length > 1 ? first?.apply : undefined);
    const whole = () => {
      for (const { apply } of operations) apply();
      return operations.length > 0;
    };
    effects.perform(`${effectNames[act.act]} ${member}`, half === undefined ? { whole } : { whole, half });
  };
  return {
    member,
    address: machine.address,
    unitName: 'etcd',
    ...looks(on, reach, pathOf),
    async plan(acts, assuming = []) {
      reach();
      // Planned as it would be done, on a copy of all that it would change.
      const copy = structuredClone(machine);
      const then = {
        ...on,
        machine: copy,
        site: { ...site, machines: new Map(site.machines).set(member, copy), memberships: structuredClone(site.memberships) },
      };
      const done = (act: HostAct) => {
        const operations = decide(act, then);
        for (const { apply } of operations) apply();
        return operations.map(planned(member));
      };
      for (const act of assuming) whereAllowed(() => done(act));
      return acts.map(done);
    },
    async do(act) {
      perform(act);
      return act.act === 'settings' ? { difference: '' } : {};
    },
    async destroy(act, approval) {
      perform(act, approval);
    },
    async handOver(delivery) {
      perform({ act: 'receive', delivery });
    },
    async fetchDatabase() {
      reach();
      const data = machine.dirs.get(site.dataDir)?.data;
      if (machine.unit.active || data === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${member} has no database to copy.`);
      return { bytes: data.dbSizeBytes, sha256: data.memberId.padEnd(64, '0') };
    },
    v2: fakeHostV2(on, reach),
  };
}

function planned(on: string) {
  return ({ argv }: { readonly argv: readonly string[] }): PlannedCommand => ({ on, argv });
}

/** What is taken as done and would be refused changes nothing. */
function whereAllowed(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isOpsError(error)) throw error;
  }
}

/** What is left must stand in what was approved, in the same order. */
function demandApproved({ act }: HostAct, left: readonly PlannedCommand[], { plan }: Approval): void {
  const rest = [...plan];
  for (const command of left) {
    const at = rest.findIndex(({ on, argv }) => on === command.on && JSON.stringify(argv) === JSON.stringify(command.argv));
    if (at < 0) throw new OpsError('HOST_PLAN_MOVED', `${act} on ${command.on}: “${command.argv.join(' ')}” was not approved.`);
    rest.splice(0, at + 1);
  }
}

type Looks = Omit<Host, 'member' | 'address' | 'unitName' | 'plan' | 'do' | 'destroy' | 'handOver' | 'fetchDatabase' | 'v2'>;

function looks({ machine, site }: On, reach: () => void, pathOf: (part: Part) => string): Looks {
  const { member } = machine;
  const dir = (part: Part) => {
    reach();
    const path = pathOf(part);
    const found = machine.dirs.get(path);
    if (found === undefined) return { exists: false, path } as const;
    const owned = { owner: 'etcd', group: 'etcd', mode: '700', sizeBytes: 1000 };
    return { exists: true, path, ...owned, identity: found.identity, empty: found.data === undefined } as const;
  };
  return {
    async preflight() {
      reach();
      return {
        unit: unitOf(machine),
        serverVersion: machine.toolVersion,
        tool: { program: 'etcdctl', version: machine.toolVersion, canBumpRevision: machine.canBumpRevision },
        configuration,
        dataDir: dir('data'),
        freeBytes: machine.freeBytes,
        clockOffsetMs: machine.clockOffsetMs,
      };
    },
    async sight() {
      reach();
      return sightOf({ machine, site }, dir('data'));
    },
    async ports() {
      reach();
      const now = machine.unit.active ? 'open' : 'refused';
      return { client: now, peer: now, ...machine.ports };
    },
    async unit() {
      reach();
      return unitOf(machine);
    },
    dir: async (part) => dir(part),
    dirs: async (parts) => parts.map(dir),
    async has(part) {
      reach();
      return machine.files.has(pathOf(part)) || machine.dirs.has(pathOf(part));
    },
    async beside() {
      reach();
      return [...machine.dirs.keys(), ...machine.files.keys()].filter((path) => path.startsWith(`${site.dataDir}.`));
    },
    async fenced() {
      reach();
      return machine.unit.active || !machine.unit.masked ? fails(`${member} is not fenced`) : holds();
    },
    async restored(part) {
      reach();
      const data = machine.dirs.get(pathOf(part))?.data;
      if (data === undefined) return undefined;
      const hash = JSON.stringify([...data.keys].map(([key, { value }]) => [key, value]));
      return { revision: data.revision, totalKeys: data.keys.size, totalSizeBytes: 1000, hash };
    },
    async configuration() {
      reach();
      return configuration;
    },
    async configured(settings) {
      reach();
      return stands(machine, settings) ? holds() : fails(`${member} has other settings`);
    },
    async settingsBefore(settings) {
      reach();
      const before = machine.settingsCopies.get(copyName(settings));
      if (before === undefined) return undefined;
      const keys = Object.keys(settings) as (keyof ClusterSettings)[];
      return Object.fromEntries(keys.map((key) => [key, before[key]])) as unknown as ClusterSettings;
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
  };
}
