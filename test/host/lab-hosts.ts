/** The hosts of a lab as the bot sees them, with what was carried out on them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { mintApproval } from '../../src/engine/approval.ts';
import type { Approval } from '../../src/engine/approval.ts';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import type { Tenure } from '../../src/engine/tenure.ts';
import { createHosts } from '../../src/host/create-hosts.ts';
import type { HostsDeps } from '../../src/host/create-hosts.ts';
import type { Delivery, DestroyAct, Host, HostAct, RestoreOrder } from '../../src/host/host.ts';
import { MemberName, RunId } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { EtcdVersion, Lab } from '../lab/lab.ts';

export const dataDir = '/data/etcd/data';
export const run = RunId.parse('restore-prod-7f3a9c');
/** An approval of what these hosts would do now for these acts, as the gate card shows it. */
export async function approve(hosts: readonly Host[], acts: readonly DestroyAct[]): Promise<Approval> {
  const plans = await Promise.all(hosts.map(async (host) => (await host.plan(acts)).flat()));
  return mintApproval({ gateId: `${run}.1`, planDigest: 'test', plan: plans.flat(), approvedBy: [] });
}
/** Where the program keeps what this run has on a host. */
export const paths = {
  snapshot: `${dataDir}.${run}.snapshot`,
  restored: `${dataDir}.${run}.new`,
  aside: `${dataDir}.${run}.old`,
  undone: `${dataDir}.${run}.undone`,
} as const;
export const snapshot = { run, what: 'snapshot' } as const;
export const restored = { run, what: 'restored' } as const;
export const aside = { run, what: 'aside' } as const;
/** The run as the only worker holds it. */
export const tenure: Tenure = { runId: run, epoch: 1, permit: async () => undefined };
export const token = 'etcd-cluster-7f3a9c';
export const silent = (): void => undefined;

/** Making a lab; the first of a release makes its image. */
const upWithinMs = 300_000;

export interface LabHosts {
  readonly hosts: readonly Host[];
  readonly recorded: ExecutedCommand[];
  /** The command lines that changed something, so far. */
  changes(): readonly string[];
  close(): Promise<void>;
}

/** Opens them; `overrides` makes them wrong on purpose. */
export function openHosts(lab: Lab, overrides: Partial<Pick<HostsDeps, 'ssh' | 'etcd' | 'tenure' | 'runId'>> = {}): LabHosts {
  const recorded: ExecutedCommand[] = [];
  const members = lab.hosts.map(({ name, address, clientUrl, peerUrl }) => ({
    name: MemberName.parse(name),
    host: address,
    clientUrl,
    peerUrl,
  }));
  const clock = { now: () => new Date() };
  const { hosts, close } = createHosts({
    members,
    ssh: lab.ssh,
    etcd: { unit: 'etcd' },
    runId: run,
    record: (command) => recorded.push(command),
    clock,
    tenure,
    ...overrides,
  });
  return { hosts, recorded, changes: () => recorded.filter(({ changes }) => changes).map(({ argv }) => argv.join(' ')), close };
}

/** The first host, for labs of one member. */
export function firstOf({ hosts }: Pick<LabHosts, 'hosts'>): Host {
  const [host] = hosts;
  if (host === undefined) throw new Error('the lab has no host');
  return host;
}

/** Removes what a test left beside the data-dir and in the unit's place; `resetCluster` does that, too. */
const tidy = `rm -rf ${dataDir}.* /data/etcd/.filler /etc/default/etcd.before-* /etc/etcd/etcd.conf.yml* /etc/systemd/system/etcd.service /etc/systemd/system/etcd.service.*; systemctl daemon-reload; systemctl reset-failed etcd || true`;

/** One member in a lab of its own, put back to a fresh cluster between tests. */
export interface UsedHost {
  readonly lab: Lab;
  /** A directory for files on this machine. */
  readonly dir: string;
  readonly open: LabHosts;
  readonly host: Host;
  /** New connections, as another worker has them. */
  reopen(): void;
  /** Runs a shell script on the host as root, past sshd. */
  sh(script: string): Promise<string>;
  /** Owner, mode and type of all that find finds. */
  modes(findArguments: string): Promise<readonly string[]>;
  /** Saves a snapshot and gives its path. */
  snapshot(): Promise<string>;
  /** A file as it is to be handed over. */
  delivery(localPath: string): Promise<Delivery>;
  handOver(): Promise<Delivery>;
  /** The command lines that are left to do for an act. */
  planned(act: HostAct): Promise<readonly string[]>;
  /** Plans the act, has it approved, and does it. */
  destroy(act: DestroyAct): Promise<void>;
  /** The host's own record: the command lines of operations that it began. */
  log(): Promise<readonly string[]>;
  /** What a restore of this host is told. */
  order(): RestoreOrder;
}

/** Makes the lab before the tests of a `describe` and removes it after them. `reset: false` when they leave etcd as it was. */
export function useHost(name: string, etcd: EtcdVersion, { reset = true }: { readonly reset?: boolean } = {}): UsedHost {
  let lab: Lab;
  let dir: string;
  let open: LabHosts;
  let isUsed = false;
  const host = () => firstOf(open);
  const sh = async (script: string) => (await lab.host(host().member).exec(['sh', '-euc', script])).stdout;
  beforeAll(async () => {
    lab = await createLab({ name: `host-${name}`, etcd, members: 1, dataDirSizeMiB: 640 });
    dir = await mkdtemp(join(tmpdir(), 'etcd-medic-host-'));
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    // A reset takes seconds, and the last test leaves a lab that goes down.
    if (reset && isUsed) await lab.resetCluster();
    isUsed = true;
    open = openHosts(lab);
  });
  afterEach(async () => {
    await open.close();
    if (!reset) await sh(tidy);
  });
  const used: UsedHost = {
    get lab() {
      return lab;
    },
    get dir() {
      return dir;
    },
    get open() {
      return open;
    },
    get host() {
      return host();
    },
    reopen: () => {
      open = openHosts(lab);
    },
    sh,
    modes: async (findArguments) => (await sh(`find ${findArguments} -printf '%u:%g %m %y\\n' | sort -u`)).split('\n').filter(Boolean),
    async snapshot() {
      const path = join(dir, 'snapshot.db');
      await rm(path, { force: true });
      await lab.etcdctl(['snapshot', 'save', path]);
      return path;
    },
    async delivery(localPath) {
      const content = await readFile(localPath);
      return {
        localPath,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      };
    },
    async handOver() {
      const delivery = await used.delivery(await used.snapshot());
      await host().handOver(delivery, silent);
      return delivery;
    },
    planned: async (act) => (await host().plan([act])).flat().map(({ argv }) => argv.join(' ')),
    async destroy(act) {
      await host().destroy(act, await approve([host()], [act]));
    },
    async log() {
      const text = await sh('cat /var/log/etcd-medic-host.log 2>/dev/null || true');
      const entries = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { readonly begins?: readonly string[] });
      return entries.flatMap(({ begins }) => (begins === undefined ? [] : [begins.join(' ')]));
    },
    order: () => ({
      memberName: host().member,
      peerUrl: lab.host(host().member).peerUrl,
      initialCluster: lab.hosts.map(({ name: member, peerUrl }) => `${member}=${peerUrl}`).join(','),
      initialClusterToken: token,
    }),
  };
  return used;
}
