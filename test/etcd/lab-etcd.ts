/** The Etcd under test on a lab's cluster. */
import { readFile } from 'node:fs/promises';
import { Etcd3 } from 'etcd3';
import { onTestFinished } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { createEtcd } from '../../src/etcd/create-etcd.ts';
import type { EtcdOptions, EtcdOverGrpc } from '../../src/etcd/create-etcd.ts';
import { MemberName } from '../../src/ids.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';

export const memberNames = ['etcd01', 'etcd02', 'etcd03'].map((name) => MemberName.parse(name)) as [MemberName, MemberName, MemberName];

/** What a busy machine may take for what comes by itself: a member that lags, a leader that is elected. */
export const settledWithinMs = 60_000;

/** Connects as CN=root unless told otherwise; closed when the test ends. `recorded` fills as the test goes on. */
export function labEtcd(lab: Lab, change: Partial<EtcdOptions> = {}): EtcdOverGrpc & { readonly recorded: ExecutedCommand[] } {
  const recorded: ExecutedCommand[] = [];
  const etcd = connect(lab, { record: (command) => recorded.push(command), ...change });
  onTestFinished(() => etcd.close());
  return { ...etcd, recorded };
}

/** The same for hooks: whoever calls it closes it. */
export function connect(lab: Lab, change: Partial<EtcdOptions> = {}): EtcdOverGrpc {
  return createEtcd({
    members: lab.hosts.map((host) => ({ name: MemberName.parse(host.name), clientUrl: host.clientUrl })),
    tls: { ca: lab.pki.ca, ...lab.pki.root },
    record: () => undefined,
    clock: systemClock,
    permit: async () => undefined,
    ...change,
  });
}

/** A client past the code under test, for what that does not do; whoever calls it closes it. */
export async function rawClient({ pki, hosts }: Lab): Promise<Etcd3> {
  const [rootCertificate, certChain, privateKey] = await Promise.all([readFile(pki.ca), readFile(pki.root.cert), readFile(pki.root.key)]);
  return new Etcd3({ hosts: hosts.map((host) => host.clientUrl), credentials: { rootCertificate, certChain, privateKey } });
}

/** Waits until a look over new connections sees everyone: what a look over kept ones then lacks is the fault of these. */
export async function seenAnew(lab: Lab): Promise<void> {
  const etcd = connect(lab);
  const isWhole = async () => {
    const { quorum } = await etcd.look();
    return quorum.holds && quorum.answering === lab.hosts.length;
  };
  try {
    await waitUntil(isWhole, { for: 'a look that sees every member', withinMs: settledWithinMs });
  } finally {
    etcd.close();
  }
}

/** Has this member lead, so that no election follows when another one stops. */
export async function ledBy(lab: Lab, name: MemberName): Promise<void> {
  const etcd = connect(lab);
  const leads = async () => {
    const row = (await etcd.look()).members?.find((member) => member.name === name);
    if (row === undefined) return false;
    await etcd.moveLeader(row.memberId);
    return true;
  };
  try {
    await waitUntil(leads, { for: `${name} leading`, withinMs: settledWithinMs });
  } finally {
    etcd.close();
  }
}

/** How long something took, with what it gave. */
export async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly tookMs: number }> {
  const began = performance.now();
  return { result: await work(), tookMs: performance.now() - began };
}
