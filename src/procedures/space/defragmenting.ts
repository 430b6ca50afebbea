/** Defragments members one by one: what must hold before each, how its end is seen, and the leader last. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { ClusterLook, EndpointStatus } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { isDefragmented } from './fragmentation.ts';
import { safeOn } from '../judging/hazards.ts';
import { healthOf } from '../running/health.ts';
import { handOver } from '../running/leadership.ts';
import { answering, leaderOf, noneCorrupt, voters } from '../running/members.ts';
import { roomToDefragment } from './room.ts';
import { lookPatiently, lookTwice, lookWhenLed } from '../running/patience.ts';
import { untilHolds } from '../running/until.ts';
import { bytesInWords, secondsInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The longest a defragmentation may take: 8 GB, etcd's suggested most, at 5 s per GB on a fast disk and forty times that on a slow one. */
const defragmentLimitMs = 1_800_000;
/** A member that defragments still says its status. One that is silent for so long has gone. */
const silentLimitMs = 60_000;
const endIntervalMs = 500;
/** Afterwards a member applies what came in meanwhile. */
const healthLimitMs = 120_000;
const healthIntervalMs = 500;

/** Which members a step is about. @param scope all members, or those that do not lead */
export interface Targets {
  readonly members: readonly MemberName[];
  readonly scope: 'followers' | 'all';
}

/** Whether each of them is defragmented; one that does not answer is not known to be. */
export function defragmented(look: ClusterLook, targets: Targets): Finding {
  return allOf(
    inScope(look, targets).map((member) => {
      const status = statusOf(look, member);
      if (status === undefined) return fails(`${member} does not answer.`);
      const sizes = `${bytesInWords(status.dbSizeBytes)}, ${bytesInWords(status.dbSizeInUseBytes)} of it in use`;
      return isDefragmented(status) ? holds(`${member}: ${sizes}.`) : fails(`${member} is not defragmented: ${sizes}.`);
    }),
  );
}

/**
 * The commands for those whose turn it is. Where all are meant and the leader is among them, the others have had a step of their own before.
 * @param first what else comes first has been done; before that everything in scope will have its turn
 */
export async function planDefragment(world: World, targets: Targets, first = true): Promise<readonly PlannedCommand[]> {
  const { etcd } = world;
  const look = await lookTwice(world);
  const turns = first ? pending(look, targets) : inScope(look, targets);
  const leader = turns.filter((member) => targets.scope === 'all' && member === leaderOf(look)?.member);
  return (leader.length > 0 ? leader : turns).map((member) => etcd.commands.defragment(member));
}

/** Defragments them one after the other, each healthy and caught up before the next; gives a line for each. */
export async function defragmentEach(world: World, targets: Targets, progress: Progress): Promise<string> {
  const lines: string[] = [];
  for (const member of targets.members) await defragmentationEnded(world, member);
  for (let turn = 0; turn < targets.members.length; turn += 1) {
    const look = await lookWhenLed(world);
    if (targets.scope === 'followers' && leaderOf(look) === undefined)
      throw new OpsError('ETCD_NO_QUORUM', `No member is defragmented while nobody leads. ${look.quorum.sentence}`);
    const [member] = pending(look, targets);
    if (member === undefined) break;
    if (leaderOf(look)?.member === member && voters(look).length > 1) {
      // Leadership came back while nobody looked. The step before has had its turn, so it is handed on from here.
      await handOver(world, (candidate) => candidate.member !== member);
    }
    progress([...lines, `${member} is defragmenting`].join('\n'));
    lines.push(await defragmentOne(world, member));
    progress(lines.join('\n'));
  }
  return lines.join('\n');
}

async function defragmentOne(world: World, member: MemberName): Promise<string> {
  const { etcd, clock } = world;
  await guard(world, member);
  const before = await statusNow(world, member);
  const began = clock.now().getTime();
  const failure = await etcd.defragment(member).then(
    () => undefined,
    (error: unknown) => {
      // It may go on in the member all the same, so it is watched and never sent again here.
      if (isOpsError(error)) return error;
      throw error;
    },
  );
  await defragmentationEnded(world, member);
  const after = await statusNow(world, member);
  if (failure !== undefined && !isDefragmented(after)) throw failure;
  const tookMs = clock.now().getTime() - began;
  const healthy = await untilHolds(clock, { limitMs: healthLimitMs, intervalMs: healthIntervalMs }, async () =>
    healthOf(await etcd.look()),
  );
  if (!healthy.holds)
    throw new OpsError(
      'GUARD_REFUSED',
      `${member} is defragmented, but the cluster is not well after it, so no other member is touched: ${healthy.because}`,
    );
  const freed = Math.max(0, before.dbSizeBytes - after.dbSizeBytes);
  return `${member}: ${bytesInWords(before.dbSizeBytes)} to ${bytesInWords(after.dbSizeBytes)}, ${bytesInWords(freed)} freed; it served nothing for ${secondsInWords(tookMs)}.`;
}

/** What must hold at the moment a member is defragmented; some of it may take a moment to become true. */
async function guard(world: World, member: MemberName): Promise<void> {
  const { etcd, clock, hosts, snapshots, runId } = world;
  const well = await untilHolds(clock, { limitMs: healthLimitMs, intervalMs: healthIntervalMs }, async () => healthOf(await etcd.look()));
  const look = await lookPatiently(world, [member]);
  const status = statusOf(look, member);
  const host = hosts.find((each) => each.member === member);
  if (status === undefined || host === undefined) throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer.`);
  const [room, snapshot] = await Promise.all([roomToDefragment(host, status), snapshots.takenBy(runId)]);
  const versions = new Set(answering(look).map((each) => each.status.version));
  const safe = safeOn(versions, 'defragment', {
    'fresh-backup': that(snapshot !== undefined, 'This run has taken no snapshot.'),
    'free-disk-proven': room,
    'all-caught-up': well,
  });
  const all = allOf([well, noneCorrupt(look), room, ...(well.holds && room.holds ? [safe] : [])]);
  if (!all.holds) throw new OpsError(room.holds ? 'GUARD_REFUSED' : 'HOST_DISK_FULL', `${member} is not defragmented: ${all.because}`);
}

/** Waits until no defragmentation runs in a member: one that was begun goes on when nobody listens any more. */
async function defragmentationEnded({ etcd, clock }: World, member: MemberName): Promise<void> {
  const began = clock.now().getTime();
  let lastSeen = began;
  for (;;) {
    if (await etcd.answersFromStore(member)) return;
    const endpoint = (await etcd.look()).endpoints.find((each) => each.member === member);
    const now = clock.now().getTime();
    if (endpoint?.answers === true) lastSeen = now;
    const reason = endpoint?.answers === false ? `: ${endpoint.reason}` : '';
    if (now - lastSeen >= silentLimitMs) throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer any more${reason}.`);
    if (now - began >= defragmentLimitMs) {
      throw new OpsError(
        'GUARD_REFUSED',
        `${member} has not answered from its store for ${secondsInWords(defragmentLimitMs)}: it may still defragment.`,
        {
          hint: 'Wait until it answers (`etcdctl get --consistency=s x` on that endpoint), then press Retry: it is not begun a second time while it runs.',
        },
      );
    }
    await clock.sleep(endIntervalMs);
  }
}

function inScope(look: ClusterLook, { members, scope }: Targets): readonly MemberName[] {
  const leader = leaderOf(look)?.member;
  return scope === 'all' ? members : members.filter((member) => member !== leader);
}

function pending(look: ClusterLook, targets: Targets): readonly MemberName[] {
  return inScope(look, targets).filter((member) => {
    const status = statusOf(look, member);
    return status === undefined || !isDefragmented(status);
  });
}

function statusOf(look: ClusterLook, member: MemberName): EndpointStatus | undefined {
  return answering(look).find((each) => each.member === member)?.status;
}

async function statusNow(world: World, member: MemberName): Promise<EndpointStatus> {
  const status = statusOf(await lookPatiently(world, [member]), member);
  if (status === undefined) throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer.`);
  return status;
}
