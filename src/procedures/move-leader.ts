/** Hand leadership to another voter (docs/runbooks/move-leader.md). */
import { z } from 'zod';
import { change } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import type { ClusterLook } from '../etcd/etcd.ts';
import { MemberId, MemberName } from '../ids.ts';
import { leads, successor } from './running/leadership.ts';
import { allCaughtUp, answering, demandQuorum, leaderOf, voters } from './running/members.ts';
import type { Answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import type { World } from './world.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ member: MemberName.optional() });

const Prepared = z.object({ member: MemberName, memberId: MemberId, from: z.string() });

/** Move leader: https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/ (Maintenance.MoveLeader) */
export const moveLeader = defineProcedure({
  id: 'move-leader',
  summary: 'hand leadership to another voter',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'member',
      kind: 'positional',
      required: false,
      placeholder: '<member>',
      description: 'who shall lead; without it the voter that has applied most',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ member }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    const { member: chosen, status } = member === undefined ? anyone(look, world) : named(look, member, world);
    const from = leaderOf(look)?.member ?? 'nobody';
    return { prepared: { member: chosen, memberId: status.memberId, from }, summary: `Hand leadership from ${from} to ${chosen}` };
  },
  steps: ({ member, memberId }, { etcd }) => [
    change('move-leader', `Hand leadership to ${member}`, {
      plan: async () => [etcd.commands.moveLeader(memberId)],
      run: async () => {
        await etcd.moveLeader(memberId);
      },
      verify: async () => leads(await etcd.look(), member),
    }),
  ],
  conclusion: async ({ member, from }, { etcd }) =>
    `${member} leads${from === member ? ', as it did before' : `; before, ${from} did`}. ${(await etcd.look()).quorum.sentence}`,
});

function anyone(look: ClusterLook, { cluster }: World): Answering {
  const next = successor(look, () => true);
  if (next !== undefined) return next;
  const only = voters(look).length === 1 && look.quorum.voters === 1;
  throw new OpsError(
    'GUARD_REFUSED',
    only ? `${cluster.name} has one voter: there is nobody to hand leadership to.` : 'No other voter answers.',
    {
      hint: `\`status ${cluster.name}\` shows who answers.`,
    },
  );
}

function named(look: ClusterLook, member: MemberName, { cluster }: World): Answering {
  const hint = `\`move-leader ${cluster.name}\` without a member chooses one that can lead.`;
  const found = answering(look).find((each) => each.member === member);
  if (found === undefined) throw new OpsError('ETCD_UNREACHABLE', `${member} does not answer, so it cannot lead.`, { hint });
  if (found.status.isLearner) throw new OpsError('GUARD_REFUSED', `${member} is a learner, and learners do not lead.`, { hint });
  const caughtUp = allCaughtUp({
    ...look,
    endpoints: look.endpoints.filter((endpoint) => endpoint.member === member || endpoint.member === leaderOf(look)?.member),
  });
  if (!caughtUp.holds) throw new OpsError('GUARD_REFUSED', caughtUp.because, { hint });
  return found;
}
