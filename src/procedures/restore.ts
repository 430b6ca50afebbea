/** Put a cluster back from a snapshot: everything is proven beside the old data before anything is touched (docs/runbooks/restore.md). */
import { z } from 'zod';
import { change, check, destroy } from '../engine/step.ts';
import { SnapshotId } from '../ids.ts';
import { abandonRestore } from './abandon-restore.ts';
import { canaryKey, canaryReadable } from './canary.ts';
import { lossInWords } from './loss.ts';
import { preflight } from './preflight.ts';
import { defineProcedure } from './procedure.ts';
import { chooseSnapshot, snapshotFinding } from './restore-choice.ts';
import * as after from './after-restore.ts';
import * as aside from './restore-aside.ts';
import * as replacing from './replace-data.ts';
import { agreement, serving } from './serving.ts';
import { bytesInWords, durationInWords, plural } from './words.ts';

const Input = z.object({
  snapshot: z.union([z.literal('latest'), SnapshotId]).optional(),
  'while-healthy': z.boolean().optional(),
});

const Prepared = z.object({
  snapshot: SnapshotId,
  /** As it was when the run began: a file that changes under us is refused. */
  sha256: z.string(),
  whileHealthy: z.boolean(),
  loses: z.string(),
  /** Added to the snapshot's revision where the tool can: from just above the highest revision known. */
  bumpRevisionBy: z.string(),
  token: z.string(),
});
/** What is settled when a restore begins. */
export type PreparedRestore = z.infer<typeof Prepared>;

/** How far above the highest revision known a bumped cluster goes on, for writes nobody saw. */
const bumpMargin = 1_000_000n;

/** Restore: https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster */
export const restore = defineProcedure({
  id: 'restore',
  summary: 'put the cluster back from a snapshot',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'snapshot',
      kind: 'option',
      required: false,
      placeholder: '<id|latest>',
      description: 'which snapshot; without it the newest that passes its check',
    },
    { name: 'while-healthy', kind: 'flag', required: false, description: 'replace the data although the cluster has quorum' },
  ],
  input: Input,
  prepared: Prepared,
  async prepare(input, world) {
    const record = await chooseSnapshot(world, input.snapshot ?? 'latest');
    const { revision } = await world.etcd.look();
    if (revision !== undefined) await world.ledger.observe(revision);
    const highest = await world.ledger.highest();
    const lost = highest === undefined || highest.revision < record.revision ? 0n : highest.revision - record.revision;
    const prepared = {
      snapshot: record.id,
      sha256: record.sha256,
      whileHealthy: input['while-healthy'] ?? false,
      loses: lossInWords({ snapshot: record, highest }),
      bumpRevisionBy: String(lost + bumpMargin),
      token: `${world.cluster.initialClusterToken}-${world.runId.slice(-6)}`,
    };
    const age = durationInWords(world.clock.now().getTime() - record.takenAt.getTime());
    return { prepared, summary: `Put back ${record.id} (revision ${record.revision}, ${bytesInWords(record.bytes)}, ${age} old)` };
  },
  steps(prepared, world) {
    const { hosts, etcd, snapshots, runId, cluster, clock, ledger } = world;
    const all = plural(hosts.length, 'host');
    return [
      check('choose-snapshot', `Check snapshot ${prepared.snapshot} once more`, () => snapshotFinding(world, prepared)),
      check('preflight', `Look at ${all}: ssh, sudo, tools, disk, settings`, async () =>
        preflight(hosts, await snapshots.find(prepared.snapshot)),
      ),
      check('say-what-is-lost', 'Say what is lost', () => aside.outlook(prepared, world)),
      change('hand-out', `Hand the snapshot to ${all}`, {
        plan: async () => aside.planHandOut(prepared, world),
        run: ({ progress }) => aside.handOut(prepared, world, progress),
        verify: () => aside.handedOut(prepared, world),
      }),
      change('restore-aside', 'Restore it beside the present data and check it there', {
        plan: () => aside.planRestoreAside(prepared, world),
        run: () => aside.restoreAside(prepared, world),
        verify: () => aside.restoredAside(prepared, world),
      }),
      destroy('replace-data', `Stop etcd on ${all} and put the snapshot’s data in place of the present data-dirs`, {
        loses: prepared.loses,
        blastRadius: 'quorumLoss',
        requires: () => replacing.replacementAllowed(prepared, world),
        facts: () => replacing.replacementFacts(prepared, world),
        plan: () => replacing.planReplaceData(world),
        run: (approval) => replacing.replaceData(world, approval),
        verify: () => replacing.dataReplaced(world),
      }),
      change('configure', 'Set initial-cluster-state to existing and the new token', {
        plan: () => after.planConfigure(prepared, world),
        run: () => after.configure(prepared, world),
        verify: () => after.configured(prepared, world),
      }),
      change('start', `Start etcd on ${all}`, {
        plan: () => after.planStart(world),
        run: async () => {
          await Promise.all(hosts.map((host) => host.unmaskAndStart()));
        },
        verify: () => serving(etcd),
        deadlineMs: 180_000,
      }),
      check('members-agree', 'One leader, one raft term, the same hash on every member, no alarm', ({ mayWait }) =>
        agreement(etcd, clock, mayWait),
      ),
      change('canary', 'Prove it with a write, read back from every member', {
        plan: async () => [etcd.commands.put(canaryKey, runId)],
        run: async () => {
          await etcd.put(canaryKey, runId);
        },
        verify: () => canaryReadable(world),
      }),
      change('clean-up', 'Remove the canary and the handed-out snapshot', {
        plan: async () => [...hosts.flatMap((host) => host.commands.removeScratch(runId)), etcd.commands.delete(canaryKey)],
        run: async () => {
          const { revision } = await etcd.look();
          // First, because a clean-up that was cut is done again only as long as the snapshot is still there.
          if (revision !== undefined) await ledger.restart(revision);
          await etcd.delete(canaryKey);
          await Promise.all(hosts.map((host) => host.removeScratch(runId)));
        },
        verify: () => after.cleanedUp(world),
      }),
      destroy('delete-old-data', 'Delete the old data-dirs for good', {
        loses: `the data of ${cluster.name} from before this restore: it cannot be put back afterwards`,
        blastRadius: 'general',
        otherwise: `The old data-dirs stay: ${hosts.map((host) => `${host.member}:${host.paths(runId).aside}`).join(', ')}.`,
        requires: () => etcd.membersAgree(),
        facts: () => after.asideFacts(world),
        plan: async () => hosts.flatMap((host) => host.commands.deleteAside(runId)),
        run: async (approval) => {
          await Promise.all(hosts.map((host) => host.deleteAside(runId, approval)));
        },
        verify: () => after.asideGone(world),
      }),
    ];
  },
  abandon: (_prepared, world) => abandonRestore(world),
  async conclusion(prepared, world) {
    const { etcd, cluster, hosts, runId } = world;
    const { quorum, revision } = await etcd.look();
    const kept = await after.keptAside(world);
    const record = await world.snapshots.find(prepared.snapshot).catch(() => undefined);
    return [
      `${cluster.name} serves again from snapshot ${prepared.snapshot}, at revision ${revision ?? 'unknown'}. ${quorum.sentence}`,
      `Lost: ${prepared.loses}.`,
      kept.length > 0
        ? `The old data is kept: ${kept.map((host) => `${host.member}:${host.paths(runId).aside}`).join(', ')}.`
        : `The old data-dirs on ${plural(hosts.length, 'host')} are deleted.`,
      record?.v2Keys === 'some'
        ? 'The cluster held API 2 keys when the snapshot was taken; a v3 snapshot does not hold them, so they are gone.'
        : '',
      'Users, roles and passwords are those of the snapshot’s time. Restart what watches this cluster (Kubernetes: apiservers and controllers); resume Patroni if you paused it.',
    ]
      .filter(Boolean)
      .join('\n');
  },
});
