/** The Etcd under test on a lab's cluster. */
import { onTestFinished } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { createEtcd } from '../../src/etcd/create-etcd.ts';
import type { EtcdOptions, EtcdOverGrpc } from '../../src/etcd/create-etcd.ts';
import { MemberName } from '../../src/ids.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import type { Lab } from '../lab/lab.ts';

export const memberNames = ['etcd01', 'etcd02', 'etcd03'].map((name) => MemberName.parse(name)) as [MemberName, MemberName, MemberName];

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

/** How long something took, with what it gave. */
export async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly tookMs: number }> {
  const began = performance.now();
  return { result: await work(), tookMs: performance.now() - began };
}
