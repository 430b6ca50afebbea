/** Restart etcd on one member, or on all, one after the other (docs/runbooks/restart.md). */
import { z } from 'zod';
import { holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { change, destroy } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import type { ClusterLook } from '../etcd/etcd.ts';
import { MemberName } from '../ids.ts';
import { demandReadyTo } from './host-readiness.ts';
import { healthOf } from './running/health.ts';
import { handOver, ledByDone, planHandover } from './running/leadership.ts';
import { answering, demandAll, demandQuorum } from './running/members.ts';
import type { Answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { quorumWithout } from './running/quorum-without.ts';
import { backLimitMs, planRestart, restarted, restartEach, restartedHost } from './running/restarting.ts';
import type { Rolling } from './running/restarting.ts';
import { lookAtHosts, runs, stateInWords } from './running/units.ts';
import { list } from '../engine/words.ts';
import type { World } from './world.ts';
import { lookTwice } from './running/patience.ts';

const Input = z.object({ member: MemberName.optional() });

const Prepared = z.object({
  /** The process of each member that is to be restarted, as it was when the run began: a member with another one has been. */
  pids: z.record(z.string(), z.number()),
  /** One or two voters: while one is away nothing can be written. */
  endsQuorum: z.boolean(),
});

/** Restart: rolling, so that a cluster of three or more goes on taking writes. */
export const restart = defineProcedure({
  id: 'restart',
  summary: 'restart etcd, one member after the other, the leader last',
  permission: 'operate',
  exclusive: true,
  arguments: [
    { name: 'member', kind: 'positional', required: false, placeholder: '<member>', description: 'only this one; without it all' },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ member }, world) {
    const look = await lookTwice(world);
    demandQuorum(look, world);
    if (member === undefined) demandAll(look, world, 'A restart takes one more away for a while.');
    const states = (await lookAtHosts(world)).filter(({ host }) => member === undefined || host.member === member);
    if (states.length === 0) throw new OpsError('INPUT_INVALID', `${world.cluster.name} has no member ${member}.`);
    await demandReadyTo(
      'start',
      states.map(({ host }) => host),
      world,
    );
    const pids: Record<string, number> = {};
    for (const state of states) {
      if (!state.reachable) throw new OpsError('HOST_UNREACHABLE', stateInWords(state));
      if (!runs(state))
        throw new OpsError('GUARD_REFUSED', stateInWords(state), {
          hint: `\`start ${world.cluster.name} ${state.host.member}\` starts it.`,
        });
      pids[state.host.member] = state.unit.mainPid;
    }
    const endsQuorum = Object.keys(pids).some((name) => !quorumWithout(look, [MemberName.parse(name)]).holds);
    if (endsQuorum) demandNoneDown(look, world);
    return {
      prepared: { pids, endsQuorum },
      summary: `Restart etcd on ${list(Object.keys(pids))}${Object.keys(pids).length > 1 ? ', one after the other' : ''}`,
    };
  },
  steps({ pids, endsQuorum }, world) {
    const names = Object.keys(pids);
    const rolling = { pids, mayLoseQuorum: endsQuorum };
    const acting = (scope: 'followers' | 'all') => ({
      plan: () => planRestart(rolling, scope, world),
      verify: () => restarted(rolling, scope, world),
      deadlineMs: backLimitMs,
    });
    if (endsQuorum) {
      return [
        destroy('restart-without-quorum', `Restart etcd on ${list(names)}, with no quorum while one is away`, {
          ...acting('all'),
          loses: `writes to ${world.cluster.name} while a member restarts, and all of them for as long as one does not come back. The data stays`,
          blastRadius: 'quorumLoss',
          requires: () => mayBegin(rolling, world),
          facts: async () => ({
            'members answering': list(answering(await lookTwice(world)).map(({ member }) => member)),
            restarts: list(names),
          }),
          run: async (_approval, { progress }) => {
            await restartEach(rolling, 'all', world, progress);
          },
        }),
      ];
    }
    // Leadership goes to a member that has been restarted, or that is not to be, so that it moves once.
    const done = async () => {
      const states = await lookAtHosts(world);
      return ({ member }: Answering) =>
        pids[member] === undefined || states.some((state) => state.host.member === member && restartedHost(rolling, state));
    };
    return [
      change('restart-followers', 'Restart the followers, one by one', {
        ...acting('followers'),
        run: ({ progress }) => restartEach(rolling, 'followers', world, progress),
      }),
      change('move-leader', 'Hand leadership on, when a member leads that is to be restarted', {
        plan: async () => planHandover(world, await done()),
        run: async () => handOver(world, await done()),
        verify: async () => ledByDone(await lookTwice(world), await done()),
      }),
      change('restart-leader', 'Restart the member that led', {
        ...acting('all'),
        run: ({ progress }) => restartEach(rolling, 'all', world, progress),
      }),
    ];
  },
  conclusion: async ({ pids }, { etcd }) => `etcd was restarted on ${list(Object.keys(pids))}. ${(await etcd.look()).quorum.sentence}`,
});

/** Once the first has been stopped, the cluster need not be well for the rest to go on. */
async function mayBegin(rolling: Rolling, world: World): Promise<Finding> {
  const begun = (await lookAtHosts(world)).some(
    (state) => state.reachable && state.unit.mainPid !== (rolling.pids[state.host.member] ?? state.unit.mainPid),
  );
  return begun ? holds() : healthOf(await lookTwice(world));
}

/** At the edge nothing is restarted, with or without an approval: what is down comes first. */
function demandNoneDown(look: ClusterLook, world: World): void {
  if (answering(look).length < look.endpoints.length) demandAll(look, world, `${look.quorum.sentence} Nothing is restarted at that edge.`);
  const healthy = healthOf(look);
  if (!healthy.holds)
    throw new OpsError('GUARD_REFUSED', healthy.because, { hint: `\`status ${world.cluster.name}\` says what is to be done first.` });
}
