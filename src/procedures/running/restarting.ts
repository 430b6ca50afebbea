/** Restarts members one by one, each well again before the next. Whether one has been restarted is known by its process: the one that ran when the run began is gone. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { planOn } from '../host-plans.ts';
import { createFailedStart } from './failed-start.ts';
import { healthOf } from './health.ts';
import { answering, leaderOf } from './members.ts';
import { lookTwice, lookWhenLed } from './patience.ts';
import { quorumWithout } from './quorum-without.ts';
import { lookAtHosts, stateInWords } from './units.ts';
import type { HostState, ReachableHost } from './units.ts';
import { untilHolds } from './until.ts';
import { secondsInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** etcd replays its write-ahead log before it answers, then applies what it missed. */
export const backLimitMs = 180_000;
const backIntervalMs = 500;
/** Before a member's turn the others may need a moment, after an election above all. */
const wellLimitMs = 60_000;

/** What a restart is about. */
export interface Rolling {
  /** `MainPID` of each member's process when the run began. */
  readonly pids: Readonly<Record<string, number>>;
  /** Whether quorum may be lost while one is away: approved, where it is so. */
  readonly mayLoseQuorum: boolean;
}

/** Which of them a step is about: those that do not lead, or all. */
export type Scope = 'followers' | 'all';

/** Whether a process other than the one of the beginning runs there. */
export function restartedHost({ pids }: Rolling, state: HostState): boolean {
  return state.reachable && state.unit.mainPid > 0 && state.unit.mainPid !== pids[state.host.member];
}

/** Whether each of them has been restarted and answers. */
export async function restarted(rolling: Rolling, scope: Scope, world: World): Promise<Finding> {
  const [states, look] = await Promise.all([lookAtHosts(world), lookTwice(world)]);
  return allOf(
    inScope(rolling, scope, states, look).map((state) => {
      const { member } = state.host;
      if (!state.reachable) return fails(stateInWords(state));
      if (!restartedHost(rolling, state)) return fails(`${member} still runs as process ${state.unit.mainPid}.`);
      return answering(look).some((each) => each.member === member)
        ? holds(`${member} runs as process ${state.unit.mainPid}.`)
        : fails(`${member} does not answer yet.`);
    }),
  );
}

/** The commands for those whose turn it is. Where all are meant and the leader is among them, the others have had a step of their own before. */
export async function planRestart(rolling: Rolling, scope: Scope, world: World): Promise<readonly PlannedCommand[]> {
  const [states, look] = await Promise.all([lookAtHosts(world), lookTwice(world)]);
  const turns = inScope(rolling, scope, states, look).filter((state) => !restartedHost(rolling, state));
  const leader = turns.filter(({ host }) => scope === 'all' && !rolling.mayLoseQuorum && host.member === leaderOf(look)?.member);
  return planOn(
    (leader.length > 0 ? leader : turns).map(({ host }) => host),
    () => [{ act: 'restart' }],
  );
}

/** Restarts them one after the other; gives a line for each. */
export async function restartEach(rolling: Rolling, scope: Scope, world: World, progress: Progress): Promise<string> {
  const lines: string[] = [];
  for (const host of world.hosts) {
    const [states, look] = await Promise.all([lookAtHosts(world), lookToScope(scope, world)]);
    const state = inScope(rolling, scope, states, look).find((each) => each.host === host);
    if (state === undefined) continue;
    if (!state.reachable) throw new OpsError('HOST_UNREACHABLE', stateInWords(state));
    if (restartedHost(rolling, state) && answering(look).some(({ member }) => member === host.member)) continue;
    progress([...lines, `${host.member} is restarting`].join('\n'));
    lines.push(await restartOne(rolling, state, world));
    progress(lines.join('\n'));
  }
  return lines.join('\n');
}

/** Who follows is known only while somebody leads. */
async function lookToScope(scope: Scope, world: World): Promise<ClusterLook> {
  if (scope === 'all') return lookTwice(world);
  const look = await lookWhenLed(world);
  if (leaderOf(look) === undefined)
    throw new OpsError('ETCD_NO_QUORUM', `No member is restarted while nobody leads. ${look.quorum.sentence}`);
  return look;
}

async function restartOne(rolling: Rolling, { host, unit }: ReachableHost, world: World): Promise<string> {
  const { etcd, clock } = world;
  const began = clock.now().getTime();
  if (unit.mainPid === rolling.pids[host.member] && unit.activeState !== 'deactivating') {
    const allowed = await untilHolds(clock, { limitMs: wellLimitMs, intervalMs: backIntervalMs }, async () =>
      mayRestart(rolling, await etcd.look(), host.member),
    );
    if (!allowed.holds) throw new OpsError('GUARD_REFUSED', `${host.member} is not restarted: ${allowed.because}`);
    await host.do({ act: 'restart' });
  } else if (unit.mainPid === 0 && ['inactive', 'failed'].includes(unit.activeState)) {
    // It was stopped and did not come back: a restart that was cut between the two, or a start that failed.
    await host.do({ act: 'unmask-start' });
  }
  const orFailed = createFailedStart([host], clock);
  const back = await untilHolds(clock, { limitMs: backLimitMs, intervalMs: backIntervalMs }, async () =>
    orFailed(await wellAgain(rolling, host.member, world)),
  );
  if (!back.holds)
    throw new OpsError(
      'GUARD_REFUSED',
      `${host.member} was restarted and is not well again, so no other member is touched: ${back.because}`,
      {
        hint: `Look at \`journalctl -u ${host.unitName}\` on ${host.member}, then press Retry: members that are restarted are left alone.`,
      },
    );
  return `${host.member}: restarted and caught up in ${secondsInWords(clock.now().getTime() - began)}.`;
}

function mayRestart({ mayLoseQuorum }: Rolling, look: ClusterLook, member: MemberName): Finding {
  return mayLoseQuorum ? healthOf(look) : allOf([healthOf(look), quorumWithout(look, [member])]);
}

async function wellAgain(rolling: Rolling, member: MemberName, world: World): Promise<Finding> {
  const [states, look, serves] = await Promise.all([lookAtHosts(world), world.etcd.look(), world.etcd.answersFromStore(member)]);
  const state = states.find(({ host }) => host.member === member);
  if (state === undefined || !restartedHost(rolling, state))
    return fails(state === undefined ? `${member} is not seen.` : stateInWords(state));
  if (!serves || !answering(look).some((each) => each.member === member)) return fails(`${member} does not answer yet.`);
  return healthOf(look);
}

function inScope({ pids }: Rolling, scope: Scope, states: readonly HostState[], look: ClusterLook): readonly HostState[] {
  const leader = leaderOf(look)?.member;
  return states.filter(({ host }) => pids[host.member] !== undefined && (scope === 'all' || host.member !== leader));
}
