/** Give the free pages of members' databases back to their disks, one member after the other (docs/runbooks/defragment.md). */
import { z } from 'zod';
import { change, check } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { MemberName } from '../ids.ts';
import { defragmented, defragmentEach, planDefragment } from './space/defragmenting.ts';
import { isDefragmented } from './space/fragmentation.ts';
import { healthOf } from './running/health.ts';
import { hazardsOf } from './judging/hazards.ts';
import { handOver, ledByDone, planHandover } from './running/leadership.ts';
import { answering, demandAll, demandNoneCorrupt, demandQuorum } from './running/members.ts';
import type { Answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { roomOnAll } from './space/room.ts';
import { chooseSource, savingSnapshot, snapshotChecked, SnapshotSource } from './restoring/safety-snapshot.ts';
import { bytesInWords, list } from '../engine/words.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ member: MemberName.optional() });

const Prepared = z.object({
  members: z.array(MemberName),
  /** The one that was named; its turn is the only one. */
  member: MemberName.nullable(),
  /** Where a snapshot comes from, on versions where a crash in a defragmentation loses revisions. */
  source: SnapshotSource.nullable(),
  sizes: z.record(z.string(), z.number()),
});

/** Defragment: https://etcd.io/docs/v3.5/op-guide/maintenance/#defragmentation */
export const defragment = defineProcedure({
  id: 'defragment',
  summary: 'give free pages back to the disk, one member after the other',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'member',
      kind: 'positional',
      required: false,
      placeholder: '<member>',
      description: 'only this one; without it all, the leader last',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ member }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    demandNoneCorrupt(look, world, 'No member is defragmented while one may hold wrong data.');
    if (member === undefined) demandAll(look, world, 'A defragmentation takes one more away for a while.');
    const targets = answering(look).filter((each) => member === undefined || each.member === member);
    if (targets.length === 0)
      throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer.`, { hint: `\`start ${world.cluster.name} ${member}\` first.` });
    const healthy = healthOf(look);
    if (!healthy.holds)
      throw new OpsError('GUARD_REFUSED', healthy.because, { hint: `\`status ${world.cluster.name}\` says what is to be done first.` });
    const needsSnapshot = answering(look).some(({ status }) =>
      hazardsOf(status.version, 'defragment').some(({ demand }) => demand === 'fresh-backup'),
    );
    const prepared = {
      members: targets.map((each) => each.member),
      member: member ?? null,
      source: needsSnapshot ? (await chooseSource(world)).source : null,
      sizes: Object.fromEntries(targets.map((each) => [each.member, each.status.dbSizeBytes])),
    };
    const free = targets.reduce((sum, { status }) => sum + status.dbSizeBytes - status.dbSizeInUseBytes, 0);
    return { prepared, summary: `Defragment ${list(prepared.members)}: ${bytesInWords(free)} of free pages` };
  },
  steps({ members, member, source }, world) {
    const followers = { members, scope: 'followers' } as const;
    const all = { members, scope: 'all' } as const;
    // A leader that is not among them goes on leading.
    const done = ({ member: name, status }: Answering) => !members.includes(name) || isDefragmented(status);
    const snapshot =
      source === null
        ? []
        : [
            change('save-snapshot', `Save a snapshot from ${source.member}`, savingSnapshot(source, world)),
            check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', () => snapshotChecked(world)),
          ];
    return [
      ...snapshot,
      check('room', 'See that there is room on the disk', () => roomOnAll(world, members)),
      change('defragment-followers', member === null ? 'Defragment the followers, one by one' : `Defragment ${member}, unless it leads`, {
        plan: () => planDefragment(world, followers),
        run: ({ progress }) => defragmentEach(world, followers, progress),
        verify: async () => defragmented(await lookTwice(world), followers),
      }),
      change('move-leader', 'Hand leadership on, when a member leads that is to be defragmented', {
        plan: () => planHandover(world, done),
        run: () => handOver(world, done),
        verify: async () => ledByDone(await lookTwice(world), done),
      }),
      change('defragment-leader', member === null ? 'Defragment the member that led' : `Defragment ${member}, if it led`, {
        plan: () => planDefragment(world, all),
        run: ({ progress }) => defragmentEach(world, all, progress),
        verify: async () => defragmented(await lookTwice(world), all),
      }),
    ];
  },
  async conclusion({ members, sizes }, { etcd }) {
    const look = await etcd.look();
    return answering(look)
      .filter(({ member }) => members.includes(member))
      .map(
        ({ member, status }) =>
          `${member}: ${bytesInWords(Math.max(0, (sizes[member] ?? 0) - status.dbSizeBytes))} freed, ${bytesInWords(status.dbSizeBytes)} now, ${bytesInWords(status.dbSizeInUseBytes)} of it in use.`,
      )
      .join('\n');
  },
});
