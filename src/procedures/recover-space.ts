/** Make a cluster writable again that has reached its quota: compact, defragment, disarm, and prove it (docs/runbooks/recover-space.md). */
import { z } from 'zod';
import { allOf } from '../engine/finding.ts';
import { change, check, destroy } from '../engine/step.ts';
import { canaryGone, canaryKey, canaryReadable } from './restoring/canary.ts';
import { compacting, compactTarget, pagesSettled } from './space/compaction.ts';
import { defragmented, defragmentEach, planDefragment } from './space/defragmenting.ts';
import { disarmNospace, noneRaised, planDisarm } from './space/disarming.ts';
import { isDefragmented } from './space/fragmentation.ts';
import { handOver, ledByDone, planHandover } from './running/leadership.ts';
import { answering, demandAll, demandNoneCorrupt, demandQuorum } from './running/members.ts';
import type { Answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { Keep } from './space/revision.ts';
import { roomOnAll } from './space/room.ts';
import { chooseSource, savingSnapshot, snapshotChecked, SnapshotSource } from './restoring/safety-snapshot.ts';
import { allUnderQuota, whatIsFull } from './space/space.ts';
import { spaceRecovered, spaceStands } from './space/space-report.ts';
import { bytesInWords } from '../engine/words.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ keep: Keep.optional() });

const Prepared = z.object({
  source: SnapshotSource,
  /** Fixed at the beginning, so that what is approved is what is compacted. */
  compactTo: z.string(),
  /** Bytes of each member's database before, for the report. */
  sizes: z.record(z.string(), z.number()),
});
/** What is settled when space is to be recovered. */
export type PreparedSpace = z.infer<typeof Prepared>;

/** Recover space: https://etcd.io/docs/v3.5/op-guide/maintenance/#space-quota */
export const recoverSpace = defineProcedure({
  id: 'recover-space',
  summary: 'make a full cluster writable again: compact, defragment, disarm',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'keep',
      kind: 'option',
      required: false,
      placeholder: '<revisions>',
      description: 'how much history stays; without it 1,000 revisions, or a tenth when there are fewer than 10,000',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ keep }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    demandAll(look, world, 'A member whose size is not known would raise the alarm again, so nothing is begun without it.');
    demandNoneCorrupt(look, world, 'Nothing is compacted, defragmented or disarmed while a member may hold wrong data.');
    const { source } = await chooseSource(world);
    const compactTo = compactTarget(look.revision ?? 0n, keep === undefined ? undefined : BigInt(keep));
    const sizes = Object.fromEntries(answering(look).map(({ member, status }) => [member, status.dbSizeBytes]));
    const largest = bytesInWords(Math.max(...Object.values(sizes)));
    return {
      prepared: { source, compactTo: String(compactTo), sizes },
      summary: `Compact to revision ${compactTo} and defragment every member (${largest})`,
    };
  },
  steps(prepared, world) {
    const { etcd, runId } = world;
    const compactTo = BigInt(prepared.compactTo);
    const compacted = () => etcd.isCompacted(compactTo);
    const members = world.hosts.map(({ member }) => member);
    const followers = { members, scope: 'followers' } as const;
    const all = { members, scope: 'all' } as const;
    return [
      check('say-what-is-full', 'Say what is full, and what can be freed', () => whatIsFull(world)),
      change('save-snapshot', `Save a snapshot from ${prepared.source.member}`, savingSnapshot(prepared.source, world)),
      check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', () => snapshotChecked(world)),
      destroy(
        'compact',
        `Compact the history before revision ${prepared.compactTo}`,
        compacting(compactTo, world, () => snapshotChecked(world)),
      ),
      check('room', 'See that every disk has room for a defragmentation', async ({ mayWait }) =>
        allOf([...(mayWait ? [await pagesSettled(world)] : []), await roomOnAll(world, members)]),
      ),
      change('defragment-followers', 'Defragment the followers, one by one', {
        plan: async () => planDefragment(world, followers, await compacted()),
        run: ({ progress }) => defragmentEach(world, followers, progress),
        verify: async () => defragmented(await lookTwice(world), followers),
      }),
      change('move-leader', 'Hand leadership to a member that is defragmented', {
        plan: async () => ((await compacted()) ? planHandover(world, done) : planHandover(world, () => false)),
        run: () => handOver(world, done),
        verify: async () => ledByDone(await lookTwice(world), done),
      }),
      change('defragment-leader', 'Defragment the member that led', {
        plan: async () => planDefragment(world, all, await compacted()),
        run: ({ progress }) => defragmentEach(world, all, progress),
        verify: async () => defragmented(await lookTwice(world), all),
      }),
      check('under-quota', 'See that every member is under its quota', () => allUnderQuota(world)),
      change('disarm', 'Disarm the alarm NOSPACE', {
        plan: () => planDisarm(world, 'NOSPACE'),
        run: () => disarmNospace(world),
        verify: () => noneRaised(world, 'NOSPACE'),
      }),
      change('canary', 'Prove it with a write, read back from every member', {
        plan: async () => [etcd.commands.put(canaryKey, runId)],
        run: async () => {
          await etcd.put(canaryKey, runId);
        },
        verify: () => canaryReadable(world),
      }),
      change('clean-up', 'Delete it again, on every member', {
        plan: async () => [etcd.commands.delete(canaryKey)],
        run: () => etcd.delete(canaryKey),
        verify: () => canaryGone(world),
      }),
    ];
  },
  abandon: (prepared, world) => spaceStands(prepared, world),
  conclusion: (prepared, world) => spaceRecovered(prepared, world),
});

function done({ status }: Answering): boolean {
  return isDefragmented(status);
}
