/** A whole world in memory: three members, a store, a ledger; a test breaks it, a procedure repairs it. */
import type { JournalEntry, RunRequest } from '../../src/engine/journal.ts';
import { recall } from '../../src/engine/recall.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterName, MemberName, RunId } from '../../src/ids.ts';
import type { MemberId } from '../../src/ids.ts';
import type { World } from '../../src/procedures/world.ts';
import { fakeClock } from './clock.ts';
import type { FakeClock } from './clock.ts';
import { Effects } from './effects.ts';
import { fakeEtcd } from './etcd.ts';
import { fakeHost } from './host.ts';
import { makeDir } from './machine.ts';
import { makeMembership } from './membership.ts';
import type { Data, Machine, Site } from './machine.ts';
import { fakeSnapshots } from './snapshots.ts';
import type { FakeSnapshots } from './snapshots.ts';

/** What a test can see and break. */
export interface FakeWorld extends World {
  readonly effects: Effects;
  readonly site: Site;
  readonly clock: FakeClock;
  readonly snapshots: FakeSnapshots;
  /** The runs of before, as they stand in the queue. */
  readonly past: Map<RunId, { readonly run: RunRequest; readonly entries: readonly JournalEntry[] }>;
  machine(member: string): Machine;
  /** Stops etcd and removes the data-dir, as a lost disk would. */
  loseData(member: string): void;
}

interface FakeWorldOptions {
  readonly members?: number;
  readonly run?: string;
}

/** A healthy cluster with one key at revision 7, and no snapshot. */
export function fakeWorld({ members = 3, run = 'restore-demo-7f3a9c' }: FakeWorldOptions = {}): FakeWorld {
  const effects = new Effects();
  const clock = fakeClock();
  const site = makeSite(members);
  const name = ClusterName.parse('demo');
  const snapshots = fakeSnapshots({ cluster: name, site, effects, clock });
  const past: FakeWorld['past'] = new Map();
  let highest: { revision: bigint; at: Date } | undefined;
  const machine = (member: string) => {
    const found = site.machines.get(MemberName.parse(member));
    if (found === undefined) throw new Error(`no machine ${member}`);
    return found;
  };
  return {
    runId: RunId.parse(run),
    effects,
    site,
    clock,
    snapshots,
    past,
    earlier: {
      async recall(id) {
        effects.assertAlive();
        const found = past.get(id);
        if (found === undefined) throw new OpsError('RUN_NOT_FOUND', `There is no run ${id}.`);
        return recall(found.run, found.entries);
      },
    },
    cluster: {
      name,
      initialClusterToken: 'etcd-cluster',
      keys: { put: ['/name/'], get: ['/name'] },
      members: [...site.machines.values()].map(({ member, address, peerUrl }) => ({
        name: member,
        host: address,
        clientUrl: `https://${address}:2379`,
        peerUrl,
      })),
    },
    etcd: fakeEtcd({ site, effects }),
    hosts: hostsOf({ site, effects, snapshots, runId: RunId.parse(run) }),
    ledger: {
      async observe(revision) {
        if (highest === undefined || revision > highest.revision) highest = { revision, at: clock.now() };
      },
      highest: async () => highest,
      async restart(revision) {
        highest = { revision, at: clock.now() };
      },
    },
    bot: {
      programSha256: 'a'.repeat(64),
      identity: {
        certificate: { commonName: 'root', notAfter: new Date('2099-01-01T00:00:00Z'), file: '/etc/etcd-medic/demo/root.pem' },
        user: undefined,
      },
      backupsDisk: async () => ({ directory: '/var/lib/etcd-medic/backups', freeBytes: 10_000_000_000, reserveBytes: 1_000_000 }),
      surroundings: async () => [],
    },
    machine,
    loseData(member) {
      const lost = machine(member);
      lost.unit.active = false;
      lost.dirs.delete(site.dataDir);
    },
  };
}

/** The same world as the next run finds it. */
export function forRun(world: FakeWorld, runId: RunId): FakeWorld {
  return { ...world, runId, hosts: hostsOf({ ...world, runId }) };
}

function hostsOf({ site, effects, snapshots, runId }: Pick<FakeWorld, 'site' | 'effects' | 'snapshots' | 'runId'>) {
  return [...site.machines.values()].map((machine) =>
    fakeHost({ machine, site, effects, run: runId, contentOf: (sha256) => snapshots.contents.get(sha256) }),
  );
}

function makeSite(members: number): Site {
  const names = Array.from({ length: members }, (_, index) => MemberName.parse(`etcd0${index + 1}`));
  const peers = names.map((name, index) => ({ name, peerUrl: `https://198.51.100.${index + 1}:2380` }));
  const membership = makeMembership(peers, 'a');
  const site: Site = {
    machines: new Map(),
    memberships: new Map([['etcd-cluster', membership]]),
    dataDir: '/data/etcd/data',
    v2Archives: new Map(),
    quotaBytes: 2_147_483_648,
    nextInode: 100,
  };
  for (const { memberId, name } of membership.members.values()) addMachine(site, peers, MemberName.parse(name), memberId);
  return site;
}

function addMachine(site: Site, peers: readonly { name: MemberName; peerUrl: string }[], member: MemberName, memberId: MemberId): void {
  const data: Data = {
    token: 'etcd-cluster',
    memberId,
    revision: 7n,
    complete: true,
    keys: new Map([['/name/1', { value: 'test', modRevision: 7n, version: 1n }]]),
    v2Keys: new Map(),
    dbSizeBytes: 20_000,
    dbSizeInUseBytes: 10_000,
  };
  const address = `198.51.100.${site.machines.size + 1}`;
  const certificate = {
    subjectAltNames: [address, '127.0.0.1'],
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2099-01-01T00:00:00Z'),
    keyMatches: true,
    signedByCa: true,
  };
  site.machines.set(member, {
    member,
    address,
    peerUrl: `https://${address}:2380`,
    powered: true,
    unit: { active: true, masked: false },
    mainPid: 100,
    dirs: new Map([[site.dataDir, makeDir(site, data)]]),
    files: new Map(),
    settings: {
      initialClusterState: 'new',
      initialClusterToken: 'etcd-cluster',
      initialCluster: peers.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
    },
    settingsCopies: new Map(),
    freeBytes: 10_000_000_000,
    toolVersion: '3.4.23',
    canBumpRevision: false,
    clockOffsetMs: 0,
    certificates: [
      { use: 'client', file: '/etc/etcd/pki/server.pem', ...certificate },
      { use: 'peer', file: '/etc/etcd/pki/server.pem', ...certificate },
    ],
    seen: {},
    ports: {},
    cutFrom: new Set(),
    style: 'environment-file',
    enableV2: true,
    force: { set: false, runs: false },
  });
}
