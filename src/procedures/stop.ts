/** Stop etcd on one host or on all (docs/runbooks/stop.md). */
import { z } from 'zod';
import { allOf, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { change, destroy } from '../engine/step.ts';
import type { PlannedCommand } from '../engine/command.ts';
import { OpsError } from '../errors.ts';
import type { ClusterLook } from '../etcd/etcd.ts';
import { MemberName } from '../ids.ts';
import { planOn } from './host-plans.ts';
import { demandReadyTo } from './host-readiness.ts';
import { inParallel } from './in-parallel.ts';
import { answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { quorumWithout } from './running/quorum-without.ts';
import { lookAtHosts, runs, stateInWords } from './running/units.ts';
import { list } from '../engine/words.ts';
import type { World } from './world.ts';
import { lookTwice } from './running/patience.ts';

/** systemd itself kills after 90 s (DefaultTimeoutStopSec). */
const stopLimitMs = 120_000;

const Input = z.object({ member: MemberName.optional() });

const Prepared = z.object({
  members: z.array(MemberName),
  /** Fixed at the beginning: whether the cluster has quorum without them. */
  keepsQuorum: z.boolean(),
  /** What is lost, in words, when it does not. */
  loses: z.string(),
});
type Prepared = z.infer<typeof Prepared>;

/** Stop: https://etcd.io/docs/v3.5/faq/#what-is-failure-tolerance */
export const stop = defineProcedure({
  id: 'stop',
  summary: 'stop etcd on a member, or on all',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'member',
      kind: 'positional',
      required: false,
      placeholder: '<member>',
      description: 'only this one; without it all, which ends all service',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ member }, world) {
    if (member !== undefined && !world.hosts.some((host) => host.member === member)) {
      throw new OpsError('INPUT_INVALID', `${world.cluster.name} has no member ${member}.`);
    }
    const look = await lookTwice(world);
    const members = world.hosts.map((host) => host.member).filter((name) => member === undefined || name === member);
    await demandReadyTo(
      'stop',
      world.hosts.filter((host) => members.includes(host.member)),
      world,
    );
    const without = quorumWithout(look, members);
    return { prepared: { members, keepsQuorum: without.holds, loses: lossOf(look, world) }, summary: `Stop etcd on ${list(members)}` };
  },
  steps({ members, keepsQuorum, loses }, world) {
    const acting = {
      plan: () => planStop(members, world),
      verify: () => stopped(members, world),
      deadlineMs: stopLimitMs,
    };
    if (keepsQuorum) {
      return [
        change('stop', `Stop etcd on ${list(members)}`, {
          ...acting,
          run: async () => {
            // Another member may have failed since the run began: then this stop is another act, and needs an approval.
            const without = quorumWithout(await world.etcd.look(), members);
            if (!without.holds)
              throw new OpsError('GUARD_REFUSED', `etcd is not stopped: ${without.because}`, {
                hint: 'Bring the other member back and press Retry, or abort and ask again: then it waits for an approval.',
              });
            await stopEach(members, world);
          },
        }),
      ];
    }
    return [
      destroy('stop-without-quorum', `Stop etcd on ${list(members)}, and end quorum`, {
        ...acting,
        loses,
        blastRadius: 'quorumLoss',
        requires: async () => reachable(members, world),
        facts: async () => {
          const look = await lookTwice(world);
          return { 'members answering': list(answering(look).map((each) => each.member)) || 'none', stops: list(members) };
        },
        run: () => stopEach(members, world),
      }),
    ];
  },
  async conclusion({ members }, { etcd, cluster }) {
    const { quorum } = await etcd.look();
    return `etcd is stopped on ${list(members)}; systemd may start it again at boot. ${quorum.sentence} \`start ${cluster.name}\` starts it.`;
  },
});

function lossOf({ quorum }: ClusterLook, { cluster }: World): string {
  if (!quorum.holds) return `what is left of ${cluster.name}, which has no quorum as it is: one source less to read from. The data stays`;
  return `all writes to ${cluster.name}, and reads that must be up to date, until enough members are started again. The data stays`;
}

async function planStop(members: Prepared['members'], world: World): Promise<readonly PlannedCommand[]> {
  const running = (await lookAtHosts(world)).filter((state) => members.includes(state.host.member) && runs(state));
  return planOn(
    running.map(({ host }) => host),
    () => [{ act: 'stop' }],
  );
}

async function stopEach(members: Prepared['members'], { hosts }: World): Promise<void> {
  await inParallel(
    hosts.filter(({ member }) => members.includes(member)),
    (host) => host.do({ act: 'stop' }),
  );
}

async function reachable(members: Prepared['members'], world: World): Promise<Finding> {
  const states = (await lookAtHosts(world)).filter(({ host }) => members.includes(host.member));
  return allOf(states.map((state) => that(state.reachable, stateInWords(state))));
}

async function stopped(members: Prepared['members'], world: World): Promise<Finding> {
  const states = (await lookAtHosts(world)).filter(({ host }) => members.includes(host.member));
  return allOf(
    states.map((state) =>
      state.reachable && !runs(state) && ['inactive', 'failed'].includes(state.unit.activeState)
        ? holds(stateInWords(state))
        : that(false, stateInWords(state)),
    ),
  );
}
