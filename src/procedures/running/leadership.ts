/** Who leads, and handing it on. Leadership moves to a voter that answers and has caught up: https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/ (MoveLeader). */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { OpsError } from '../../errors.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { allCaughtUp, leaderOf, voters } from './members.ts';
import type { Answering } from './members.ts';
import { lookTwice } from './patience.ts';
import { untilHolds } from './until.ts';
import type { World } from '../world.ts';

/** Raft hands leadership over within an election timeout (1 s by default, 10 s at most in practice). */
const handoverLimitMs = 30_000;
const handoverIntervalMs = 250;

/** The voter that should lead next: of those that may, the one that has applied most. */
export function successor(look: ClusterLook, may: (candidate: Answering) => boolean): Answering | undefined {
  const leader = leaderOf(look);
  return voters(look)
    .filter((candidate) => candidate.status.memberId !== leader?.status.memberId && may(candidate))
    .toSorted((a, b) => Number(b.status.raftAppliedIndex - a.status.raftAppliedIndex))[0];
}

/**
 * Whether the member that leads now is one that may go on leading: it has had its turn, or there is nobody to hand over to.
 * @param done whether a member has had its turn
 */
export function ledByDone(look: ClusterLook, done: (member: Answering) => boolean): Finding {
  const leader = leaderOf(look);
  if (leader === undefined) return fails('No configured member leads.');
  if (done(leader)) return holds(`${leader.member} leads and has had its turn.`);
  return voters(look).length === 1
    ? holds(`${leader.member} is the only voter: there is nobody to hand leadership to.`)
    : fails(`${leader.member} leads.`);
}

/** The command that hands leadership on, as it would be typed now; none when it need not be. */
export async function planHandover(world: World, done: (member: Answering) => boolean): Promise<readonly PlannedCommand[]> {
  const look = await lookTwice(world);
  if (ledByDone(look, done).holds) return [];
  // Before its turn nobody has been done yet: then the one that will be is shown.
  const next = successor(look, done) ?? successor(look, () => true);
  return next === undefined ? [] : [world.etcd.commands.moveLeader(next.status.memberId)];
}

/** Hands leadership to a member that has had its turn, and waits until it leads. Nothing is done when one does. */
export async function handOver(world: World, done: (member: Answering) => boolean): Promise<string | undefined> {
  const { etcd } = world;
  const look = await lookTwice(world);
  if (ledByDone(look, done).holds) return undefined;
  const caughtUp = allCaughtUp(look);
  if (!caughtUp.holds) throw new OpsError('GUARD_REFUSED', `Leadership is not moved: ${caughtUp.because}`);
  const next = successor(look, done);
  if (next === undefined) throw new OpsError('GUARD_REFUSED', 'Leadership is not moved: no other voter that answers may take it.');
  await etcd.moveLeader(next.status.memberId);
  const led = await untilHolds(world.clock, { limitMs: handoverLimitMs, intervalMs: handoverIntervalMs }, async () =>
    leads(await etcd.look(), next.member),
  );
  if (!led.holds) throw new OpsError('GUARD_REFUSED', `Leadership was asked to move to ${next.member}, and has not: ${led.because}`);
  return `${next.member} leads now.`;
}

/** Whether this member leads and all that answer know it. */
export function leads(look: ClusterLook, member: MemberName): Finding {
  const leader = leaderOf(look);
  if (leader === undefined) return fails('No configured member leads at the moment.');
  const others = voters(look).filter(({ status }) => status.leader !== leader.status.memberId);
  return allOf([
    that(leader.member === member, `${leader.member} leads.`),
    that(others.length === 0, `${others.map((other) => other.member).join(', ')} follow another leader.`),
  ]);
}
