/** Waits for a member to have what the cluster has taken. */
import type { MemberName } from '../../ids.ts';
import type { World } from '../world.ts';

/** How long a member may take to apply what was just written. */
const limitMs = 10_000;
const pollMs = 100;

/** Whether the member has applied the log up to this index, at once or within ten seconds. */
export async function hasApplied({ etcd, clock }: Pick<World, 'etcd' | 'clock'>, member: MemberName, raftIndex: bigint): Promise<boolean> {
  const began = clock.now().getTime();
  for (;;) {
    const seen = (await etcd.look()).endpoints.find((endpoint) => endpoint.member === member);
    if (seen?.answers === true && seen.status.raftAppliedIndex >= raftIndex) return true;
    if (clock.now().getTime() - began >= limitMs) return false;
    await clock.sleep(pollMs);
  }
}
