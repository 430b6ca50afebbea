/** Compact the history of a cluster (docs/runbooks/compact.md). */
import { z } from 'zod';
import { destroy } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { compacting, compactTarget, pagesSettled } from './space/compaction.ts';
import { answering, demandNoneCorrupt, demandQuorum } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { Revision } from './space/revision.ts';
import { bytesInWords } from '../engine/words.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ revision: Revision.optional() });

const Prepared = z.object({ revision: z.string() });

/** Compact: https://etcd.io/docs/v3.5/op-guide/maintenance/#history-compaction-v3-api-key-value-database */
export const compact = defineProcedure({
  id: 'compact',
  summary: 'take away the history of keys',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'revision',
      kind: 'option',
      required: false,
      placeholder: '<revision>',
      description: 'the revision before which history goes; without it the last 1,000 stay, or a tenth when there are fewer than 10,000',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ revision }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    demandNoneCorrupt(look, world, 'Nothing is compacted while a member may hold wrong data.');
    const head = look.revision ?? 0n;
    const target = revision === undefined ? compactTarget(head) : BigInt(revision);
    if (target >= head) {
      throw new OpsError(
        'INPUT_INVALID',
        `Revision ${target} is not below the head: ${world.cluster.name} is at revision ${head}, and some history always stays.`,
        {
          hint: `Choose a revision below ${head}, or leave it out.`,
        },
      );
    }
    return { prepared: { revision: String(target) }, summary: `Compact the history before revision ${target} (the cluster is at ${head})` };
  },
  steps: ({ revision }, world) => [
    destroy('compact', `Compact the history before revision ${revision}`, compacting(BigInt(revision), world)),
  ],
  async conclusion({ revision }, world) {
    const settled = await pagesSettled(world);
    const look = await world.etcd.look();
    const sizes = answering(look).map(
      ({ member, status }) => `${member}: ${bytesInWords(status.dbSizeBytes)}, ${bytesInWords(status.dbSizeInUseBytes)} of it in use.`,
    );
    return [
      `The history before revision ${revision} is gone; present values are as they were.`,
      ...(settled.holds ? [] : [settled.because]),
      ...sizes,
      `The files are as large as before, and the quota counts that: \`defragment ${world.cluster.name}\` gives the room back.`,
    ].join('\n');
  },
});
