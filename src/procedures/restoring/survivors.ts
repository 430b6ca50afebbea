/** Which member holds the newest data of a cluster without quorum, and how it is had from there. */
import { z } from 'zod';
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { ChangeStep } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { EndpointStatus } from '../../etcd/etcd.ts';
import { planOn } from '../host-plans.ts';
import { SnapshotSource, chooseSource, savingSnapshot } from './safety-snapshot.ts';
import { mostAppliedFirst } from '../running/most-applied.ts';
import { lookPatiently } from '../running/patience.ts';
import type { MemberSight, Survey } from './survey.ts';
import { bytesInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The survivor that was settled on. `live`: it answers and streams a snapshot. `copy`: it is stopped, and its database is copied. */
export const Survivor = SnapshotSource.omit({ clusterId: true }).extend({
  how: z.enum(['live', 'copy']),
  revision: z.string().transform(BigInt),
  clusterId: SnapshotSource.shape.clusterId.nullable(),
});
export type Survivor = z.infer<typeof Survivor>;

/** A candidate, before more is asked of it. */
export interface Candidate {
  readonly how: Survivor['how'];
  readonly seen: MemberSight;
  readonly revision: bigint;
  readonly bytes: number;
}

/**
 * The newest data there is. Of those that answer the one with the highest applied index, whatever its raft term; of those that are stopped the one with
 * the highest revision, as a database holds only what was committed and applied (docs/adr/0012-back-from-lost-quorum.md). Of the two the one
 * with the higher revision; the one that answers when they are the same, because its snapshot carries a hash.
 */
export function newestSurvivor({ members }: Pick<Survey, 'members'>): Candidate | undefined {
  const live = members
    .flatMap((seen) => (seen.endpoint.answers ? [{ seen, status: seen.endpoint.status }] : []))
    .toSorted((a, b) => byAdvance(a.status, b.status))
    .map(({ seen, status }): Candidate => ({ how: 'live', seen, revision: status.revision, bytes: status.dbSizeBytes }))[0];
  const copy = members
    .flatMap((seen): Candidate[] =>
      seen.sight.kind === 'intact' && !seen.endpoint.answers
        ? [{ how: 'copy', seen, revision: seen.sight.database.revision, bytes: seen.sight.database.totalSizeBytes }]
        : [],
    )
    .toSorted((a, b) => compare(b.revision, a.revision))[0];
  if (live === undefined || copy === undefined) return live ?? copy;
  return copy.revision > live.revision ? copy : live;
}

function byAdvance(a: EndpointStatus, b: EndpointStatus): number {
  return Number(a.isLearner) - Number(b.isLearner) || mostAppliedFirst(a, b);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Asks what only this member or its host can say, and settles it. @throws ETCD_* or HOST_* when it cannot be asked any more */
export async function settleSurvivor({ how, seen, revision, bytes }: Candidate, world: World): Promise<z.input<typeof Survivor>> {
  const { host } = seen;
  if (how === 'live') {
    const { source } = await chooseSource(world, host.member);
    return { ...source, how, revision: String(revision) };
  }
  const { serverVersion } = await host.preflight(['restore', 'fetch-database']);
  return {
    how,
    member: host.member,
    revision: String(revision),
    clusterId: null,
    etcdVersion: serverVersion,
    dbSizeBytes: bytes,
    authEnabled: null,
    v2Keys: 'unknown',
  };
}

/** Whether the survivor still is as it was settled. */
export async function stillSurvives({ how, member, revision }: Survivor, world: Pick<World, 'etcd' | 'hosts' | 'clock'>): Promise<Finding> {
  if (how === 'live') {
    const endpoint = (await lookPatiently(world, [member])).endpoints.find((each) => each.member === member);
    if (endpoint?.answers !== true) return fails(`${member} does not answer any more.`);
    return endpoint.status.revision >= revision
      ? holds()
      : fails(`${member} is at revision ${endpoint.status.revision} now, and was at ${revision}.`);
  }
  const host = world.hosts.find((each) => each.member === member);
  const unit = await host?.unit();
  if (host === undefined || unit === undefined) return fails(`${member} is not configured any more.`);
  if (unit.mainPid !== 0) return fails(`etcd runs on ${member} now.`);
  const database = await host.restored('data');
  return database?.revision === revision
    ? holds()
    : fails(`The database of ${member} is not what it was: revision ${database?.revision ?? 'unknown'}.`);
}

type ChangeBody = Omit<ChangeStep, 'kind' | 'id' | 'title'>;

/** The body of the step that takes the data from the survivor into the backup directory, where it is a record like any other. */
export function savingSurvivor(survivor: Survivor, world: World): ChangeBody {
  const { how, member, clusterId, etcdVersion, dbSizeBytes, authEnabled, v2Keys } = survivor;
  const { runId, snapshots } = world;
  if (how === 'live' && clusterId !== null)
    return savingSnapshot({ member, clusterId, etcdVersion, dbSizeBytes, authEnabled, v2Keys }, world);
  return {
    plan: () => planOn([hostOf(survivor, world)], () => [{ act: 'fetch-database' }]),
    run: async ({ progress }) => {
      const host = hostOf(survivor, world);
      await snapshots.saveCopy({
        run: runId,
        origin: { member, etcdVersion, v2Keys, clusterId: undefined, authEnabled: undefined },
        progress,
        fetch: (toPath, say) => host.fetchDatabase(toPath, say),
      });
    },
    verify: async () => {
      const record = await snapshots.takenBy(runId);
      return record === undefined
        ? fails('the copy is not in the backup directory yet')
        : holds(`${record.path}, ${bytesInWords(record.bytes)}`);
    },
    deadlineMs: 5_000,
  };
}

function hostOf({ member }: Survivor, { hosts, cluster }: World) {
  const host = hosts.find((each) => each.member === member);
  if (host === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${member} any more.`);
  return host;
}
