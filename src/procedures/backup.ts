/** Save a snapshot of a cluster, checked, into the backup directory (docs/runbooks/backup.md). */
import { z } from 'zod';
import { change, check } from '../engine/step.ts';
import { fails, holds } from '../engine/finding.ts';
import { OpsError } from '../errors.ts';
import type { EndpointStatus } from '../etcd/etcd.ts';
import { ClusterId, MemberName } from '../ids.ts';
import { defineProcedure } from './procedure.ts';
import { bytesInWords } from './words.ts';
import type { World } from './world.ts';

/** How far a follower's applied raft index may be behind the highest and still count as caught up. */
const caughtUpWithin = 100n;

const Input = z.object({ from: MemberName.optional() });

const Prepared = z.object({
  member: MemberName,
  clusterId: ClusterId,
  etcdVersion: z.string(),
  dbSizeBytes: z.number(),
  authEnabled: z.boolean().nullable(),
  v2Keys: z.enum(['some', 'none', 'not-served', 'unknown']),
});

/** Backup: one member, one stream, checked twice. A snapshot comes from exactly one endpoint: https://etcd.io/docs/v3.5/op-guide/recovery/#snapshotting-the-keyspace */
export const backup = defineProcedure({
  id: 'backup',
  summary: 'save a checked snapshot of the cluster',
  permission: 'operate',
  exclusive: false,
  arguments: [
    {
      name: 'from',
      kind: 'option',
      required: false,
      placeholder: '<member>',
      description: 'the member to take it from; without it a follower that has caught up',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ from }, world) {
    const { member, status } = await source(world, from);
    const [authEnabled, v2Keys] = await Promise.all([world.etcd.authEnabled(), world.etcd.v2Keys()]);
    await world.ledger.observe(status.revision);
    const prepared = {
      member,
      clusterId: status.clusterId,
      etcdVersion: status.version,
      dbSizeBytes: status.dbSizeBytes,
      authEnabled: authEnabled ?? null,
      v2Keys,
    };
    return { prepared, summary: `Save a snapshot of ${member} (${bytesInWords(status.dbSizeBytes)}, revision ${status.revision})` };
  },
  steps: ({ member, authEnabled, ...origin }, { runId, snapshots }) => [
    change('save-snapshot', `Save a snapshot from ${member}`, {
      plan: async () => snapshots.commands.save(member, runId),
      run: async ({ progress }) => {
        await snapshots.save({ run: runId, origin: { ...origin, member, authEnabled: authEnabled ?? undefined }, progress });
      },
      verify: async () => {
        const record = await snapshots.takenBy(runId);
        return record === undefined
          ? fails('the snapshot is not in the backup directory yet')
          : holds(`${record.path}, ${bytesInWords(record.bytes)}`);
      },
      deadlineMs: 5_000,
    }),
    check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', async () => {
      const record = await snapshots.takenBy(runId);
      return record === undefined ? fails('the snapshot this run took is gone from the backup directory') : snapshots.check(record);
    }),
    check('v2-keys', 'See whether there are API 2 keys, which a v3 snapshot does not hold', async () => v2Remark(origin.v2Keys)),
  ],
  async conclusion(_prepared, { runId, snapshots, cluster }) {
    const record = await snapshots.takenBy(runId);
    if (record === undefined) throw new OpsError('SNAPSHOT_NOT_FOUND', 'The snapshot this run took is gone from the backup directory.');
    const v2 = record.v2Keys === 'some' ? ' It does not hold the API 2 keys of this cluster.' : '';
    return `Snapshot ${record.id} of ${cluster.name} is saved and checked: ${bytesInWords(record.bytes)}, revision ${record.revision}, ${record.totalKeys} keys, sha256 ${record.sha256.slice(0, 12)}….${v2}`;
  },
});

function v2Remark(v2Keys: z.infer<typeof Prepared>['v2Keys']) {
  switch (v2Keys) {
    case 'some':
      return holds('This cluster holds API 2 keys. A v3 snapshot does not hold them: after a restore from it they are gone.');
    case 'none':
      return holds('API 2 is served and holds no keys.');
    case 'not-served':
      return holds('API 2 is not served.');
    case 'unknown':
      return holds('It could not be seen whether there are API 2 keys; if there are, this snapshot does not hold them.');
  }
}

/** A caught-up follower, so that the leader is not slowed; without quorum the member with the highest term and index. */
async function source({ etcd, cluster }: World, from: MemberName | undefined): Promise<{ member: MemberName; status: EndpointStatus }> {
  const { endpoints } = await etcd.look();
  const answering = endpoints.flatMap((endpoint) => (endpoint.answers ? [{ member: endpoint.member, status: endpoint.status }] : []));
  if (from !== undefined) {
    const endpoint = endpoints.find(({ member }) => member === from);
    if (endpoint === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${from}.`);
    if (!endpoint.answers) throw new OpsError('ETCD_UNREACHABLE', `${from} does not answer at ${endpoint.endpoint}: ${endpoint.reason}.`);
    return { member: from, status: endpoint.status };
  }
  const voters = answering.filter(({ status }) => !status.isLearner);
  const newest = voters.toSorted(
    (a, b) => compare(b.status.raftTerm, a.status.raftTerm) || compare(b.status.raftAppliedIndex, a.status.raftAppliedIndex),
  )[0];
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

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
