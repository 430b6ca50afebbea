/** The state of one host in memory: its disk, its unit, and etcd's data. */
import type { CertificateFacts, ClusterSettings, ConfigurationStyle, Host, UnitState } from '../../src/host/host.ts';
import type { HostSight } from '../../src/host/sight.ts';
import type { MemberId, MemberName } from '../../src/ids.ts';
import { makeMembership } from './membership.ts';
import type { Membership } from './membership.ts';

/** A data-dir's content. */
export interface Data {
  /** Which cluster it belongs to: the key of its membership at the site. */
  readonly token: string;
  /** As whom etcd starts on it. */
  readonly memberId: MemberId;
  readonly keys: Map<string, { value: string; modRevision: bigint; version: bigint }>;
  /** What was written with API 2. */
  readonly v2Keys: Map<string, string>;
  revision: bigint;
  /** False while a restore was cut in the middle. */
  complete: boolean;
  dbSizeBytes: number;
  dbSizeInUseBytes: number;
}

/** A host. */
export interface Machine {
  readonly member: MemberName;
  readonly address: string;
  /** Where etcd on it listens for its peers. */
  peerUrl: string;
  powered: boolean;
  /** `failed`: systemd has given it up. */
  unit: { active: boolean; masked: boolean; failed?: boolean };
  /** Counts up at every start. */
  mainPid: number;
  readonly dirs: Map<string, { identity: string; data: Data | undefined }>;
  /** Path to sha256. */
  readonly files: Map<string, string>;
  settings: { initialClusterState: 'new' | 'existing'; initialClusterToken: string; initialCluster: string };
  /** Copies that are kept of the settings as they were, by the settings that were wanted. */
  readonly settingsCopies: Map<string, ClusterSettings>;
  freeBytes: number;
  toolVersion: string;
  canBumpRevision: boolean;
  clockOffsetMs: number;
  certificates: CertificateFacts[];
  /** How etcd is configured here, and whether it is set to serve API 2. */
  style: ConfigurationStyle;
  enableV2: boolean;
  /** `--force-new-cluster`: set for the next start, and in the process that runs. */
  force: { set: boolean; runs: boolean };
  /** Put over what a look at it shows, and over how its ports look from the bot. */
  seen: Partial<HostSight>;
  ports: Partial<Awaited<ReturnType<Host['ports']>>>;
  /** Addresses that this host cannot reach. */
  readonly cutFrom: Set<string>;
}

/** All of a cluster's hosts and their shared facts. */
export interface Site {
  readonly machines: Map<MemberName, Machine>;
  /** Who belongs to which cluster, by its token. */
  readonly memberships: Map<string, Membership>;
  readonly dataDir: string;
  /** What archives of API 2 hold, by sha256. */
  readonly v2Archives: Map<string, Data>;
  /** `--quota-backend-bytes` of every member. */
  quotaBytes: number;
  nextInode: number;
}

/** Data as deep as a snapshot copies it. */
export function copyOf(data: Data): Data {
  return { ...data, v2Keys: new Map(data.v2Keys), keys: new Map([...data.keys].map(([key, value]) => [key, { ...value }])) };
}

/** The data a running etcd on this machine serves; undefined when none runs. */
export function servedBy(machine: Machine, site: Site): Data | undefined {
  if (!machine.powered || !machine.unit.active) return undefined;
  const data = machine.dirs.get(site.dataDir)?.data;
  // A removed member stops by itself.
  if (data === undefined || site.memberships.get(data.token)?.members.has(data.memberId) !== true) return undefined;
  return data;
}

/** A new directory. */
export function makeDir(site: Site, data: Data | undefined): { identity: string; data: Data | undefined } {
  site.nextInode += 1;
  return { identity: `8:${site.nextInode}`, data };
}

/** What etcd does when its unit starts: goes on with its data, or joins the cluster that its settings name. */
export function startEtcd(machine: Machine, site: Site): void {
  machine.unit = { active: true, masked: false };
  machine.mainPid += 1;
  machine.force.runs = machine.force.set;
  const dir = machine.dirs.get(site.dataDir);
  if (dir?.data !== undefined && machine.force.set) {
    beginAnew(machine, site, dir.data);
    return;
  }
  if (dir?.data === undefined) {
    const joined = joinedData(machine, site);
    if (joined !== undefined) machine.dirs.set(site.dataDir, dir === undefined ? makeDir(site, joined) : { ...dir, data: joined });
    return;
  }
  catchUp(dir.data, machine, site);
}

/** `--force-new-cluster`: a cluster of this member alone; of a backup it does not know its own peer URL. */
function beginAnew(machine: Machine, site: Site, data: Data): void {
  const alone = makeMembership([{ name: machine.member, peerUrl: 'http://localhost:2380' }], 'f');
  const [memberId = data.memberId] = alone.members.keys();
  site.memberships.set(data.token, alone);
  machine.dirs.set(site.dataDir, { ...(machine.dirs.get(site.dataDir) ?? makeDir(site, undefined)), data: { ...data, memberId } });
}

/** A member that was added and not started yet takes over the data of those that serve. */
function joinedData(machine: Machine, site: Site): Data | undefined {
  if (machine.settings.initialClusterState !== 'existing') return undefined;
  for (const [token, { members }] of site.memberships) {
    const source = peersOf(machine, site, token)[0];
    const row = [...members.values()].find(({ name, peerUrls }) => name === '' && peerUrls.includes(machine.peerUrl));
    if (source === undefined || row === undefined) continue;
    // etcd refuses to start when --initial-cluster does not name exactly the members there are.
    const named = machine.settings.initialCluster.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1));
    if (
      named.toSorted().join() !==
      [...members.values()]
        .flatMap(({ peerUrls }) => peerUrls)
        .toSorted()
        .join()
    )
      continue;
    row.name = machine.member;
    return { ...copyOf(source), memberId: row.memberId };
  }
  return undefined;
}

function catchUp(data: Data, machine: Machine, site: Site): void {
  const ahead = peersOf(machine, site, data.token).find(({ revision }) => revision > data.revision);
  if (ahead === undefined) return;
  data.revision = ahead.revision;
  data.keys.clear();
  for (const [key, value] of ahead.keys) data.keys.set(key, { ...value });
}

function peersOf(machine: Machine, site: Site, token: string): readonly Data[] {
  return [...site.machines.values()].flatMap((other) => {
    const data = other === machine ? undefined : servedBy(other, site);
    return data?.token === token ? [data] : [];
  });
}

/** What systemd says of etcd's unit there. */
export function unitOf({ unit: { active, masked, failed = false }, mainPid }: Machine): UnitState {
  return {
    activeState: active ? 'active' : failed ? 'failed' : 'inactive',
    masked,
    mainPid: active ? mainPid : 0,
    user: 'etcd',
    group: 'etcd',
  };
}
