/** Take alarms back (docs/runbooks/disarm.md). */
import { z } from 'zod';
import { fails, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { change, check, destroy } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { alarmsOf, disarmNospace, noneRaised, planDisarm } from './space/disarming.ts';
import { demandQuorum, nameOf, noneCorrupt } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { allUnderQuota } from './space/space.ts';
import { list } from '../engine/words.ts';
import type { World } from './world.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ corrupt: z.boolean().optional() });

const Prepared = z.object({
  /** Members for which CORRUPT was raised, when the flag was given; else none. */
  corrupt: z.array(z.string()),
});

/** Disarm: https://etcd.io/docs/v3.5/op-guide/maintenance/#space-quota */
export const disarm = defineProcedure({
  id: 'disarm',
  summary: 'take back the alarm NOSPACE, when every member is under its quota',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'corrupt',
      kind: 'flag',
      required: false,
      description: 'take the alarm CORRUPT back too, although it may hide a corrupt member; needs an approval',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ corrupt = false }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    if (look.alarms === undefined) throw new OpsError('ETCD_REQUEST_FAILED', 'The alarms could not be read.');
    const suspects = (alarmsOf(look, 'CORRUPT') ?? []).map(({ memberId }) => nameOf(look, memberId));
    if (!corrupt && !noneCorrupt(look).holds) {
      throw new OpsError(
        'GUARD_REFUSED',
        `CORRUPT is raised for ${list(suspects)}: a member holds other data than the rest, and nothing is disarmed beside that.`,
        {
          hint: `Find the member whose hash differs, and \`replace-member ${world.cluster.name}\` it. Only when that is done: \`disarm ${world.cluster.name} --corrupt\`.`,
        },
      );
    }
    return { prepared: { corrupt: corrupt ? suspects : [] }, summary: `Alarms now: ${await said(world)}` };
  },
  steps({ corrupt }, world) {
    const { etcd } = world;
    return [
      check('list-alarms', 'List the alarms', async () => holds(await said(world))),
      ...(corrupt.length === 0
        ? []
        : [
            destroy('disarm-corrupt', `Take back CORRUPT, raised for ${list(corrupt)}`, {
              loses: `the only sign that a member holds other data than the rest: whoever reads from it may be told wrong, and etcd will not say it again before the next check`,
              blastRadius: 'general',
              requires: async () => that((await etcd.look()).quorum.holds, 'There is no quorum.'),
              facts: async () => ({ 'raised for': list(corrupt), hashes: await hashesInWords(world) }),
              plan: () => planDisarm(world, 'CORRUPT'),
              run: async (approval) => {
                for (const { memberId } of alarmsOf(await etcd.look(), 'CORRUPT') ?? []) await etcd.disarmCorrupt(memberId, approval);
              },
              verify: () => noneRaised(world, 'CORRUPT'),
            }),
          ]),
      check('under-quota', 'See that every member is under its quota, where NOSPACE is raised', () => underQuotaWhereFull(world)),
      change('disarm', 'Take back NOSPACE', {
        plan: () => planDisarm(world, 'NOSPACE'),
        run: () => disarmNospace(world),
        verify: () => noneRaised(world, 'NOSPACE'),
      }),
    ];
  },
  conclusion: async (_prepared, world) => `Alarms now: ${await said(world)}`,
});

async function said({ etcd }: World): Promise<string> {
  const look = await etcd.look();
  if (look.alarms === undefined) return 'they could not be read.';
  return look.alarms.length === 0 ? 'none.' : `${list(look.alarms.map(({ type, memberId }) => `${type} on ${nameOf(look, memberId)}`))}.`;
}

async function underQuotaWhereFull(world: World): Promise<Finding> {
  const none = await noneRaised(world, 'NOSPACE');
  if (none.holds) return none;
  const under = await allUnderQuota(world);
  return under.holds ? under : fails(`${under.because} \`recover-space ${world.cluster.name}\` does it all.`);
}

/** Whether the members hold the same now; without the revision, which moves. */
async function hashesInWords({ etcd }: World): Promise<string> {
  const hashes = await etcd.hashes();
  if (hashes.length === 0) return 'could not be compared';
  const groups = Map.groupBy(hashes, ({ hash }) => hash);
  if (groups.size === 1) return 'the same on all members';
  return `different: ${[...groups.values()].map((group) => list(group.map(({ member }) => member))).join(' against ')}`;
}
