/** A fresh snapshot of the run's own: from which member, and the bodies of the two steps that save and check it. For `backup` and all that need a way back first. */
import { z } from 'zod';
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { change } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { EndpointStatus } from '../../etcd/etcd.ts';
import { ClusterId, MemberName } from '../../ids.ts';
import { hasApplied } from '../running/applied.ts';
import { caughtUpWithin, mostAppliedFirst } from '../running/most-applied.ts';
import { lookTwice } from '../running/patience.ts';
import { goneInWords } from './stored.ts';
import { bytesInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** What is settled when a run begins that takes a snapshot: the member, and what only the cluster can say for the sidecar. */
export const SnapshotSource = z.object({
  member: MemberName,
  clusterId: ClusterId,
  etcdVersion: z.string(),
  dbSizeBytes: z.number(),
  authEnabled: z.boolean().nullable(),
  v2Keys: z.enum(['some', 'none', 'not-served', 'unknown']),
});
export type SnapshotSource = z.infer<typeof SnapshotSource>;

/**
 * Settles where the snapshot comes from; for `prepare`. A snapshot comes from exactly one endpoint:
 * https://etcd.io/docs/v3.5/op-guide/recovery/#snapshotting-the-keyspace
 * @param from the member that was asked for; without it a follower that has caught up
 * @throws INPUT_INVALID when there is no such member, ETCD_UNREACHABLE when it, or every voter, does not answer
 */
export async function chooseSource(
  world: World,
  from?: MemberName,
): Promise<{ readonly source: SnapshotSource; readonly status: EndpointStatus }> {
  const { member, status } = await memberFor(world, from);
  const [authEnabled, v2Keys] = await Promise.all([world.etcd.authEnabled(), world.etcd.v2Keys()]);
  await world.ledger.observe(status.revision);
  const source = {
    member,
    clusterId: status.clusterId,
    etcdVersion: status.version,
    dbSizeBytes: status.dbSizeBytes,
    authEnabled: authEnabled ?? null,
    v2Keys,
  };
  return { source, status };
}

/** The body of the step that saves it; called `save-snapshot` everywhere. */
export function savingSnapshot(
  { member, authEnabled, ...origin }: SnapshotSource,
  world: Pick<World, 'runId' | 'snapshots' | 'etcd' | 'clock'>,
): Parameters<typeof change>[2] {
  const { runId, snapshots } = world;
  return {
    plan: async () => snapshots.commands.save(member, runId),
    run: async ({ progress }) => {
      const remark = await caughtUp(member, world);
      await snapshots.save({ run: runId, origin: { ...origin, member, authEnabled: authEnabled ?? undefined }, progress });
      return remark;
    },
    verify: async () => {
      const record = await snapshots.takenBy(runId);
      return record === undefined
        ? fails('the snapshot is not in the backup directory yet')
        : holds(`${record.path}, ${bytesInWords(record.bytes)}`);
    },
    deadlineMs: 5_000,
  };
}

/** A follower lags by what is on its way: every write that the cluster had taken when this began is to be in the snapshot. Gives a remark where it may not be. */
async function caughtUp(member: MemberName, world: Pick<World, 'etcd' | 'clock'>): Promise<string | undefined> {
  const { endpoints, quorum } = await world.etcd.look();
  if (!quorum.holds) return undefined;
  const committed = endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.raftIndex] : []));
  const highest = committed.reduce((most, index) => (index > most ? index : most), 0n);
  if (await hasApplied(world, member, highest)) return undefined;
  return `${member} had not caught up with raft index ${highest}: the last writes may not be in it.`;
}

/** The look of the step that checks it; called `check-snapshot` everywhere, and asked again before anything is destroyed. */
export async function snapshotChecked({ runId, snapshots }: Pick<World, 'runId' | 'snapshots'>): Promise<Finding> {
  const record = await snapshots.takenBy(runId);
  return record === undefined ? fails(await goneInWords(snapshots, 'The snapshot that this run took')) : snapshots.check(record);
}

/** A caught-up follower, so that the leader is not slowed; without quorum the member that has applied most. */
async function memberFor(
  world: World,
  from: MemberName | undefined,
): Promise<{ readonly member: MemberName; readonly status: EndpointStatus }> {
  const { cluster } = world;
  const { endpoints } = await lookTwice(world);
  const answering = endpoints.flatMap((endpoint) => (endpoint.answers ? [{ member: endpoint.member, status: endpoint.status }] : []));
  if (from !== undefined) {
    const endpoint = endpoints.find(({ member }) => member === from);
    if (endpoint === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${from}.`);
    if (!endpoint.answers) throw new OpsError('ETCD_UNREACHABLE', `${from} does not answer at ${endpoint.endpoint}: ${endpoint.reason}.`);
    return { member: from, status: endpoint.status };
  }
  const voters = answering.filter(({ status }) => !status.isLearner);
  const newest = voters.toSorted((a, b) => mostAppliedFirst(a.status, b.status))[0];
  if (newest === undefined) {
    const reasons = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [`${endpoint.member}: ${endpoint.reason}`]));
    throw new OpsError('ETCD_UNREACHABLE', `No voting member of ${cluster.name} answers (${reasons.join('; ')}).`);
  }
  const follower = voters.find(
    ({ status }) =>
      status.leader !== undefined &&
      status.leader !== status.memberId &&
      newest.status.raftAppliedIndex - status.raftAppliedIndex <= caughtUpWithin,
  );
  return follower ?? newest;
}
