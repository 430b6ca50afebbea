/** Start etcd where it is down and its data is there (docs/runbooks/start.md). */
import { z } from 'zod';
import { allOf, fails, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { change, check } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import { MemberName } from '../ids.ts';
import type { Host } from '../host/host.ts';
import { planOn } from './host-plans.ts';
import { demandReadyTo } from './host-readiness.ts';
import { inParallel } from './in-parallel.ts';
import { createFailedStart } from './running/failed-start.ts';
import { allAnswer, answering } from './running/members.ts';
import { defineProcedure } from './procedure.ts';
import { hasData, lookAtHosts, runs, stateInWords } from './running/units.ts';
import type { HostState } from './running/units.ts';
import { list, plural } from '../engine/words.ts';
import type { World } from './world.ts';

/** etcd replays its write-ahead log before it answers: minutes for a large one. */
const startLimitMs = 180_000;

const Input = z.object({ member: MemberName.optional() });

const Prepared = z.object({ members: z.array(MemberName) });
type Prepared = z.infer<typeof Prepared>;

/** Start: a member that comes back with its data goes on where it was, and nothing is lost. */
export const start = defineProcedure({
  id: 'start',
  summary: 'start etcd where it is down',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'member',
      kind: 'positional',
      required: false,
      placeholder: '<member>',
      description: 'only this one; without it all that are down',
    },
  ],
  input: Input,
  prepared: Prepared,
  async prepare({ member }, world) {
    const states = await lookAtHosts(world);
    const members = member === undefined ? allDown(states, world) : [namedOne(states, member, world)];
    await demandReadyTo(
      'start',
      world.hosts.filter((host) => members.includes(host.member)),
      world,
    );
    return { prepared: { members }, summary: members.length === 0 ? 'etcd runs on every host' : `Start etcd on ${list(members)}` };
  },
  steps({ members }, world) {
    const orFailed = createFailedStart(
      world.hosts.filter(({ member }) => members.includes(member)),
      world.clock,
    );
    return [
      check('look-at-hosts', 'See how unit and data-dir stand on every host', async () =>
        holds((await lookAtHosts(world)).map(stateInWords).join('\n')),
      ),
      change('start', members.length === 0 ? 'Start nothing: etcd runs everywhere' : `Start etcd on ${list(members)}`, {
        plan: async () => planOn(await toStart({ members }, world), () => [{ act: 'unmask-start' }]),
        run: async () => {
          await inParallel(await toStart({ members }, world), (host) => host.do({ act: 'unmask-start' }));
        },
        verify: async () => orFailed(await started({ members }, world)),
        deadlineMs: startLimitMs,
      }),
    ];
  },
  async conclusion({ members }, world) {
    const look = await world.etcd.look();
    const all = allAnswer(look);
    const began = members.length === 0 ? 'etcd ran on every host already.' : `etcd runs on ${list(members)}.`;
    return [began, look.quorum.sentence, all.holds ? '' : all.because].filter(Boolean).join(' ');
  },
});

function allDown(states: readonly HostState[], { cluster }: World): MemberName[] {
  const down = states.filter((state) => state.reachable && !runs(state));
  const startable = down.filter(hasData).map(({ host }) => host.member);
  const unseen = states.filter(({ reachable }) => !reachable);
  if (startable.length > 0 || (down.length === 0 && unseen.length < states.length)) return startable;
  const lost = down.map(({ host }) => host.member);
  const because = [
    ...(lost.length === 0 ? [] : [`${list(lost)} ${lost.length === 1 ? 'is' : 'are'} down, and the data there is gone.`]),
    ...unseen.map(stateInWords),
  ].join(' ');
  throw new OpsError('GUARD_REFUSED', `There is nothing that could be started. ${because}`, {
    hint: withoutData(cluster.name, lost, states),
  });
}

function namedOne(states: readonly HostState[], member: MemberName, { cluster }: World): MemberName {
  const state = states.find(({ host }) => host.member === member);
  if (state === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${member}.`);
  if (!state.reachable) throw new OpsError('HOST_UNREACHABLE', `The host of ${member} does not answer: ${state.because}.`);
  if (runs(state) || hasData(state)) return member;
  throw new OpsError(
    'GUARD_REFUSED',
    `${member} is not started: ${state.data.path} there ${state.data.exists ? 'is empty' : 'is missing'}. Without its data it would form a cluster of its own, or be refused by the others.`,
    { hint: withoutData(cluster.name, [member], states) },
  );
}

/** What helps where data is gone. */
function withoutData(cluster: string, lost: readonly string[], states: readonly HostState[]): string {
  return states.some(hasData)
    ? `\`replace-member ${cluster} ${lost[0] ?? ''}\` adds it anew, while the others have a quorum; else \`recover-quorum ${cluster}\`.`
    : `No host has data: \`restore ${cluster}\` puts a snapshot back.`;
}

async function toStart({ members }: Prepared, world: World): Promise<readonly Host[]> {
  return (await lookAtHosts(world)).flatMap((state) =>
    state.reachable && members.includes(state.host.member) && !runs(state) ? [state.host] : [],
  );
}

/** Every one of them runs; and it answers, as soon as enough run to elect a leader. Alone a member waits for the others, and says nothing. */
async function started({ members }: Prepared, world: World): Promise<Finding> {
  if (members.length === 0) return holds('etcd runs on every host that answers.');
  const [states, look] = await Promise.all([lookAtHosts(world), world.etcd.look()]);
  const running = states.filter(runs).map(({ host }) => host.member);
  const down = members.filter((member) => !running.includes(member));
  if (down.length > 0)
    return fails(
      states
        .filter(({ host }) => down.includes(host.member))
        .map(stateInWords)
        .join(' '),
    );
  const silent = members.filter((member) => !answering(look).some((each) => each.member === member));
  if (look.quorum.holds || running.length >= look.quorum.needed) {
    return allOf([
      that(silent.length === 0, `${list(silent)} runs and does not answer yet.`),
      that(look.quorum.holds, look.quorum.sentence),
    ]);
  }
  return holds(
    `${list(running)} ${running.length === 1 ? 'runs and waits' : 'run and wait'} for the others: ${look.quorum.needed} of ${plural(look.quorum.voters, 'voter')} are needed. \`start ${world.cluster.name}\` starts all that are down.`,
  );
}
