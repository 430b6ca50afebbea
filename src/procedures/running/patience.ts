/** Looks at a cluster more than once where a member may only be slow: on a busy host one look of two seconds is not the last word. */
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { leaderOf } from './members.ts';
import type { World } from '../world.ts';

/** How often, and how far apart, a member is asked that runs and gives no answer: it may be slow, and be the only one left. */
const patientLooks = 4;
const patientIntervalMs = 1_000;
/** An election takes one or two seconds, and may have to be held again. */
const electionLimitMs = 5_000;
const electionIntervalMs = 250;

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

/**
 * A cluster that is slow for a moment, or elects its leader, has not lost its quorum, and a member that is slow voids no approval; one that never
 * serves is not waited for long.
 */
export async function lookTwice(world: Pick<World, 'hosts' | 'etcd' | 'clock'>): Promise<ClusterLook> {
  const members = world.hosts.map(({ member }) => member);
  const look = await world.etcd.look();
  if (!isPatienceDue(look, members) && !isElecting(look)) return look;
  await world.clock.sleep(patientIntervalMs);
  return isElecting(look) ? await lookWhenLed(world) : await world.etcd.look();
}

/** Looks until somebody leads, five seconds at most: in the middle of an election whoever leads next is taken for a follower. */
export async function lookWhenLed({ etcd, clock }: Pick<World, 'etcd' | 'clock'>): Promise<ClusterLook> {
  const began = clock.now().getTime();
  for (;;) {
    const look = await etcd.look();
    if (leaderOf(look) !== undefined || clock.now().getTime() - began >= electionLimitMs) return look;
    await clock.sleep(electionIntervalMs);
  }
}

/** Enough voters answer, and none of them leads. */
function isElecting(look: ClusterLook): boolean {
  return leaderOf(look) === undefined && look.quorum.answering >= look.quorum.needed;
}

/** Whether one of these members gave no answer in time. A refused connection is an answer: nobody listens there. */
export function isPatienceDue({ endpoints }: ClusterLook, members: readonly MemberName[]): boolean {
  return endpoints.some((endpoint) => !endpoint.answers && endpoint.code === 'timeout' && members.includes(endpoint.member));
}
