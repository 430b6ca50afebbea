/** Looks at a cluster more than once where a member may only be slow: on a busy host one look of two seconds is not the last word. */
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import type { World } from '../world.ts';

/** How often, and how far apart, a member is asked that runs and gives no answer: it may be slow, and be the only one left. */
const patientLooks = 4;
const patientIntervalMs = 1_000;

/** Looks again until these members answer, or often enough to say that they do not serve. */
export async function lookPatiently(
  { etcd, clock }: Pick<World, 'etcd' | 'clock'>,
  members: readonly MemberName[],
  looks = patientLooks,
): Promise<ClusterLook> {
  let look = await etcd.look();
  for (let more = looks - 1; more > 0 && isPatienceDue(look, members); more -= 1) {
    await clock.sleep(patientIntervalMs);
    look = await etcd.look();
  }
  return look;
}

/** A cluster that is slow for a moment has not lost its quorum, and a member that is slow voids no approval; one that never serves is not waited for long. */
export function lookTwice(world: Pick<World, 'hosts' | 'etcd' | 'clock'>): Promise<ClusterLook> {
  const members = world.hosts.map(({ member }) => member);
  return lookPatiently(world, members, 2);
}

/** Whether one of these members gave no answer in time. A refused connection is an answer: nobody listens there. */
export function isPatienceDue({ endpoints }: ClusterLook, members: readonly MemberName[]): boolean {
  return endpoints.some((endpoint) => !endpoint.answers && endpoint.code === 'timeout' && members.includes(endpoint.member));
}
