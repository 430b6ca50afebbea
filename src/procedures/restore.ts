/** Put a cluster back from a snapshot: everything is proven beside the old data before anything is touched (docs/runbooks/restore.md). */
import { z } from 'zod';
import { change, check, destroy } from '../engine/step.ts';
import { SnapshotFileName, SnapshotId } from '../ids.ts';
import { dataReplacedActs } from './restoring/after-restore.ts';
import { abandonRestore } from './restoring/abandon-restore.ts';
import { bumpOver, copyRemark, lossInWords } from './restoring/loss.ts';
import { defineProcedure } from './procedure.ts';
import type { PutBack } from './restoring/put-back.ts';
import { putBackReport, replacingSteps, settlingSteps, startingSteps } from './restoring/put-back.ts';
import { ChosenFile, chooseSnapshot, fileOf, fixed, snapshotFinding } from './restoring/restore-choice.ts';
import { bytesInWords, durationInWords, plural } from '../engine/words.ts';
import type { World } from './world.ts';

const Input = z.object({
  snapshot: z
    .union([z.literal('latest'), SnapshotId, SnapshotFileName], {
      error: 'a snapshot is named by its id (20261122T070409Z-rev1234), by latest, or, when a person put the file there, by file:NAME.db',
    })
    .optional(),
  'while-healthy': z.boolean().optional(),
});

const Prepared = ChosenFile.extend({
  whileHealthy: z.boolean(),
  loses: z.string(),
  bumpRevisionBy: z.string().transform(BigInt),
  token: z.string(),
});

function orderOf(prepared: z.infer<typeof Prepared>, world: World): PutBack {
  return { ...prepared, source: () => fileOf(world, prepared) };
}

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
      placeholder: '<id|latest|file:NAME.db>',
      description:
        'which snapshot; without it the newest that passes its check. `file:NAME.db` is a database file (a snapshot, or a copied member/snap/db) that a person put into the backup directory of the cluster',
    },
    { name: 'while-healthy', kind: 'flag', required: false, description: 'replace the data although the cluster has quorum' },
  ],
  input: Input,
  prepared: Prepared,
  async prepare(input, world) {
    const choice = await chooseSnapshot(world, input.snapshot ?? 'latest');
    const { file } = choice;
    const { revision } = await world.etcd.look();
    if (revision !== undefined) await world.ledger.observe(revision);
    const highest = await world.ledger.highest();
    const isCopy = file.kind === 'database-copy';
    const loss = lossInWords({ snapshot: isCopy ? { revision: file.revision, doubts: file.doubts } : file, highest });
    const prepared = {
      ...fixed(choice),
      whileHealthy: input['while-healthy'] ?? false,
      loses: isCopy ? `${loss}. ${copyRemark}` : loss,
      bumpRevisionBy: String(bumpOver(file.revision, highest)),
      token: `${world.cluster.initialClusterToken}-${world.runId.slice(-6)}`,
    };
    const age =
      file.takenAt === undefined || file.doubts.length > 0
        ? ''
        : `, ${durationInWords(world.clock.now().getTime() - file.takenAt.getTime())} old`;
    const doubts = file.doubts.map((doubt) => `; ${doubt}`).join('');
    const what = isCopy ? `${file.name}, a copied database` : file.name;
    return { prepared, summary: `Put back ${what} (revision ${file.revision}, ${bytesInWords(file.bytes)}${age})${doubts}` };
  },
  steps(prepared, world) {
    const order = orderOf(prepared, world);
    const all = plural(world.hosts.length, 'host');
    const replacing = replacingSteps(order, world);
    const starting = startingSteps(world, dataReplacedActs);
    const settling = settlingSteps(order, world);
    return [
      check('choose-snapshot', `Check snapshot ${prepared.snapshot} once more`, () => snapshotFinding(world, order.source)),
      check('preflight', `Look at ${all}: access, tools, disk, settings, certificates`, replacing.preflight),
      check('say-what-is-lost', 'Say what is lost', replacing.outlook),
      change('hand-out', `Hand the snapshot to ${all}`, replacing.handOut),
      change('restore-aside', 'Restore it beside the present data and check it there', replacing.restoreAside),
      destroy('replace-data', `Stop etcd on ${all} and put the snapshot’s data in place of the present data-dirs`, replacing.replaceData),
      change('start', `Start etcd on ${all}`, starting.start),
      change('canary', 'Prove it with a write, read back from every member', starting.canary),
      check('members-agree', 'One leader, one raft term, the same hash on every member, no alarm', starting.agree),
      change('configure', 'Set initial-cluster-state to existing and the new token', settling.configure),
      change('clean-up', 'Remove the canary and the handed-out snapshot', settling.cleanUp),
      destroy('delete-old-data', 'Delete the old data-dirs for good', settling.deleteOldData),
    ];
  },
  abandon: (_prepared, world) => abandonRestore(world, 'restore'),
  conclusion: async (prepared, world) => (await putBackReport(orderOf(prepared, world), world)).join('\n'),
});
