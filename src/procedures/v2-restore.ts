/** Put back what was written with API 2: a new cluster of one member from a backup, which the others then join (docs/runbooks/v2-restore.md). */
import { z } from 'zod';
import { allOf, holds } from '../engine/finding.ts';
import { change, check, destroy } from '../engine/step.ts';
import { MemberName, V2BackupId } from '../ids.ts';
import { planOn } from './host-plans.ts';
import * as after from './restoring/after-restore.ts';
import { placeOf } from './replacing/joining-host.ts';
import { defineProcedure } from './procedure.ts';
import { agreement } from './restoring/serving.ts';
import { createFailedStart } from './running/failed-start.ts';
import { abandonV2Restore } from './v2/v2-abandon.ts';
import * as alone from './v2/v2-alone.ts';
import { chooseV2Backup, v2BackupFinding } from './v2/v2-choice.ts';
import { handingSteps } from './v2/v2-handing.ts';
import { joinOthers, othersJoined, planJoining, v2Agrees } from './v2/v2-joining.ts';
import { v2LossInWords, v3KeysNow, v3MayGo } from './v2/v2-loss.ts';
import { v2BackupUsable } from './v2/v2-making.ts';
import { v2Preflight } from './v2/v2-preflight.ts';
import * as replacing from './v2/v2-replacing.ts';
import { v2BackupInWords } from './v2/v2-words.ts';
import { bytesInWords, durationInWords, plural } from '../engine/words.ts';

const Input = z.object({
  snapshot: z.union([z.literal('latest'), V2BackupId]).optional(),
  first: MemberName.optional(),
  'lose-v3': z.boolean().optional(),
  'while-healthy': z.boolean().optional(),
});

const Prepared = z.object({
  backup: V2BackupId,
  /** As it was when the run began: a file that changes under us is refused. */
  sha256: z.string(),
  etcdVersion: z.string(),
  /** Keys of API 2 when the backup was begun; null when they were not counted. */
  keys: z.number().nullable(),
  /** The member that takes the backup; the others join it. */
  first: MemberName,
  loseV3: z.boolean(),
  whileHealthy: z.boolean(),
  loses: z.string(),
});
/** What is settled when a restore of API 2 begins. */
export type PreparedV2Restore = z.infer<typeof Prepared>;

/** https://etcd.io/docs/v2.3/admin_guide/#disaster-recovery */
export const v2Restore = defineProcedure({
  id: 'v2-restore',
  summary: 'put back what was written with API 2, and nothing else (etcd up to 3.5)',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'snapshot',
      kind: 'option',
      required: false,
      placeholder: '<id|latest>',
      description: 'which backup of API 2; without it the newest that can be used',
    },
    {
      name: 'first',
      kind: 'option',
      required: false,
      placeholder: '<member>',
      description: 'the member that takes the backup; without it the one it was made of',
    },
    { name: 'lose-v3', kind: 'flag', required: false, description: 'do it although the data of API 3 is not saved: it is gone afterwards' },
    { name: 'while-healthy', kind: 'flag', required: false, description: 'replace the data although the cluster has quorum' },
  ],
  input: Input,
  prepared: Prepared,
  async prepare(input, world) {
    const record = await chooseV2Backup(world, input.snapshot ?? 'latest');
    const configured = world.cluster.members.map(({ name }) => name);
    const first = input.first ?? (configured.includes(record.member) ? record.member : configured[0]) ?? record.member;
    placeOf(world, first);
    const now = world.clock.now();
    const prepared = {
      backup: record.id,
      sha256: record.sha256,
      etcdVersion: record.etcdVersion,
      keys: record.keys ?? null,
      first,
      loseV3: input['lose-v3'] ?? false,
      whileHealthy: input['while-healthy'] ?? false,
      loses: v2LossInWords(record, await v3KeysNow(world), now),
    };
    const age = durationInWords(now.getTime() - record.takenAt.getTime());
    return {
      prepared,
      summary: `Put API 2 back from ${record.id} (${bytesInWords(record.bytes)}, ${age} old, ${v2BackupInWords(record)})${record.doubts.map((doubt) => `; ${doubt}`).join('')}`,
    };
  },
  steps(prepared, world) {
    const { hosts, etcd, runId, cluster, clock, ledger } = world;
    const { host } = placeOf(world, prepared.first);
    const orFailed = createFailedStart([host], clock);
    const all = plural(hosts.length, 'host');
    const final = {
      initialClusterState: 'existing',
      initialCluster: cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
    } as const;
    const handing = handingSteps(prepared, world);
    return [
      check('choose-backup', `Check backup ${prepared.backup} once more`, () => v2BackupFinding(world, prepared)),
      check('preflight', `Look at ${all}: access, tools, disk, settings, API 2`, () =>
        v2Preflight(prepared.first, world, prepared.etcdVersion),
      ),
      check('say-what-is-lost', 'Say what is lost, and see that the data of API 3 is saved or may go', async () =>
        allOf([holds(`This restore loses ${prepared.loses}.`), await v3MayGo(prepared, world)]),
      ),
      change('hand-out', `Hand the backup to ${prepared.first}`, handing.handOut),
      change('unpack', 'Unpack it beside the present data and read it back', handing.unpack),
      check('check-unpacked', 'See that it holds no data of API 3, and that etcd would start from it', async ({ mayWait }) => {
        const facts = await host.v2.inspect(runId);
        return facts === undefined && !mayWait ? holds('It is looked at once it is unpacked.') : v2BackupUsable(prepared.first, facts);
      }),
      destroy('replace-data', `Stop etcd on ${all}, put the backup in place on ${prepared.first}, and the data of all aside`, {
        loses: prepared.loses,
        blastRadius: 'quorumLoss',
        requires: () => replacing.v2ReplacementAllowed(prepared, world),
        facts: () => replacing.v2ReplacementFacts(prepared, world),
        plan: () => replacing.planV2Replacement(prepared, world, handing.made),
        run: (approval) => replacing.replaceWithV2(prepared, world, approval),
        verify: () => replacing.v2Replaced(world),
      }),
      change('start-alone', `Start ${prepared.first} as a new cluster of one member`, {
        plan: () => alone.planStartAlone(prepared, world),
        run: () => alone.startAlone(prepared, world),
        verify: async () => orFailed(await alone.servesAlone(prepared, world)),
        deadlineMs: 120_000,
      }),
      change('take-flag-away', 'Take force-new-cluster away, restart etcd without it, and prove that it is gone', {
        plan: () => alone.planFreeing(prepared, world),
        run: () => alone.freeOfFlag(prepared, world),
        verify: () => alone.flagGone(prepared, world),
        deadlineMs: 120_000,
      }),
      change('set-peer-url', `Give ${prepared.first} its own peer URL`, {
        plan: () => alone.planSetPeerUrl(prepared, world),
        run: () => alone.setPeerUrl(prepared, world),
        verify: () => alone.peerUrlSet(prepared, world),
      }),
      change('add-members-back', 'Add the other members back, one after the other', {
        plan: () => planJoining(prepared, world),
        run: ({ progress }) => joinOthers(prepared, world, progress),
        verify: () => othersJoined(world),
        deadlineMs: 60_000,
      }),
      check('members-agree', 'One leader, one raft term, the same data of both APIs on every member', async ({ mayWait }) =>
        allOf([await agreement(etcd, clock, mayWait), await v2Agrees(prepared, world, mayWait)]),
      ),
      change('configure', `Set initial-cluster-state to existing on ${prepared.first}`, {
        plan: () => planOn([host], () => [{ act: 'settings', settings: final }]),
        run: async () => (await host.do({ act: 'settings', settings: final })).difference,
        verify: () => host.configured(final),
      }),
      change('clean-up', 'Remove the handed-out backup', {
        plan: handing.planRemoval,
        run: async () => {
          const { revision } = await etcd.look();
          if (revision !== undefined) await ledger.restart(revision);
          await handing.remove();
        },
        verify: handing.removed,
      }),
      destroy('delete-old-data', 'Delete the old data-dirs for good', {
        loses: `the data of ${cluster.name} from before this restore, that of API 3 included: it cannot be put back afterwards`,
        blastRadius: 'general',
        otherwise: 'The old data-dirs stay, each beside the one that took its place.',
        requires: () => etcd.membersAgree(),
        facts: () => after.asideFacts(world),
        plan: () => after.planDeleteAside(world),
        run: async (approval) => {
          await Promise.all(hosts.map((each) => each.destroy({ act: 'delete-aside' }, approval)));
        },
        verify: () => after.asideGone(world),
      }),
    ];
  },
  abandon: (_prepared, world) => abandonV2Restore(world),
  async conclusion({ backup, loses }, world) {
    const { etcd, cluster, hosts } = world;
    const [{ quorum }, kept] = await Promise.all([etcd.look(), after.asideInWords(world)]);
    return [
      `${cluster.name} serves API 2 again from backup ${backup}. ${quorum.sentence}`,
      `Lost: ${loses}.`,
      kept !== '' ? `The old data is kept: ${kept}.` : `The old data-dirs on ${plural(hosts.length, 'host')} are deleted.`,
      'Authentication of API 3 is off now: turn it on again before anything of worth is written with API 3. Restart what watches this cluster: indexes and ids are new.',
    ].join('\n');
  },
});
