/** Give a cluster that has lost its quorum one again, in the way that loses least (docs/runbooks/recover-quorum.md). */
import { z } from 'zod';
import { attest, change, check, choose, destroy } from '../engine/step.ts';
import type { Choices, Step } from '../engine/step.ts';
import { isOpsError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { dataReplacedActs } from './restoring/after-restore.ts';
import { abandonEach, abandonRestore, keptFromStarting } from './restoring/abandon-restore.ts';
import type { Left } from './restoring/abandon-restore.ts';
import { canaryGone, canaryKey } from './restoring/canary.ts';
import { afterwards, leftOutFacts, offAndStaysOff, stillSilent, worldOf } from './restoring/left-out.ts';
import { defineProcedure } from './procedure.ts';
import { putBackReport, replacingSteps, settlingSteps, startingSteps } from './restoring/put-back.ts';
import { Prepared, lookedAround, offerOf, orderOf, settle, startingWorld } from './restoring/recover-settled.ts';
import { snapshotFinding } from './restoring/restore-choice.ts';
import { savingSurvivor } from './restoring/survivors.ts';
import { Way } from './restoring/ways-back.ts';
import { list, plural } from '../engine/words.ts';
import type { World } from './world.ts';

/** The way that was named, or chosen; undefined while nobody has. */
function wayOf({ source }: Prepared, choices: Choices): Way | undefined {
  return source ?? Way.optional().parse(choices['choose-way']);
}

/** Recover quorum: https://etcd.io/docs/v3.5/op-guide/recovery/ */
export const recoverQuorum = defineProcedure({
  id: 'recover-quorum',
  summary: 'bring back a cluster that has lost its quorum',
  permission: 'operate',
  exclusive: true,
  arguments: [
    {
      name: 'source',
      kind: 'option',
      required: false,
      placeholder: '<start|survivor|snapshot>',
      description:
        'the way: `start` the members whose data is whole, rebuild from the `survivor` with the newest data, or from the newest `snapshot`; without it you choose when you see what each loses',
    },
  ],
  input: z.object({ source: Way.optional() }),
  prepared: Prepared,
  prepare: ({ source }, world) => settle(source, world),
  steps(prepared, world, choices) {
    const way = wayOf(prepared, choices);
    return [
      check('look-around', 'Look at every member, host, data-dir and backup', () => lookedAround(prepared, world)),
      ...(prepared.source === null ? [choose('choose-way', 'Choose the way back', { offer: () => offerOf(prepared, world) })] : []),
      ...(way === undefined || way === 'start' ? [] : replacing(way, prepared, world)),
      ...(way === undefined ? [] : serving(way, prepared, world)),
    ];
  },
  async abandon(prepared, world, choices) {
    const way = wayOf(prepared, choices);
    if (way === undefined) return '';
    return way === 'start'
      ? await standing(startingWorld(prepared, world))
      : await abandonRestore(worldOf(world, prepared.participants), 'recover-quorum', world.cluster.members.length);
  },
  async conclusion(prepared, world, choices) {
    const way = wayOf(prepared, choices);
    if (way === undefined || way === 'start') {
      const { quorum } = await world.etcd.look();
      return `${world.cluster.name} has quorum again: etcd was started on ${list(prepared.startable)}, and nothing was lost. ${quorum.sentence}`;
    }
    const report = await putBackReport(orderOf(way, prepared, world), worldOf(world, prepared.participants));
    return [...report, ...afterwards(prepared.leftOut, world)].join('\n');
  },
});

/** Up to the moment when the new data is in place on every host that takes part. */
function replacing(way: 'survivor' | 'snapshot', prepared: Prepared, world: World): readonly Step[] {
  const { leftOut, participants, survivor } = prepared;
  const order = orderOf(way, prepared, world);
  const taking = worldOf(world, participants);
  const all = plural(taking.hosts.length, 'host');
  const { preflight, outlook, handOut, restoreAside, replaceData } = replacingSteps(order, taking);
  const absent = attest('hosts-off', `Have it attested that ${list(leftOut)} ${leftOut.length === 1 ? 'is' : 'are'} off`, {
    states: offAndStaysOff(leftOut, world),
    needed: () => stillSilent(leftOut, world),
    facts: async () => leftOutFacts(leftOut),
  });
  return [
    ...(leftOut.length > 0 ? [absent] : []),
    ...(way === 'survivor' && survivor !== null
      ? [
          change(
            'save-survivor',
            survivor.how === 'live' ? `Save a snapshot of ${survivor.member}` : `Copy the database of ${survivor.member}, which is stopped`,
            savingSurvivor(survivor, world),
          ),
        ]
      : []),
    check('check-source', 'Check what is to be put back', () => snapshotFinding(world, order.source)),
    check('preflight', `Look at ${all}: access, tools, disk, settings, certificates`, preflight),
    check('say-what-is-lost', 'Say what is lost', outlook),
    change('hand-out', `Hand it to ${all}`, handOut),
    change('restore-aside', 'Restore it beside the present data and check it there', restoreAside),
    destroy('replace-data', `Stop etcd on ${all} and put the restored data in place of the present data-dirs`, replaceData),
  ];
}

/** From the start on, the same for every way; what only a rebuilt cluster needs is left out where members were only started. */
function serving(way: Way, prepared: Prepared, world: World): readonly Step[] {
  const order = way === 'start' ? undefined : orderOf(way, prepared, world);
  const taking = order === undefined ? startingWorld(prepared, world) : worldOf(world, prepared.participants);
  const { start, canary, agree } = startingSteps(taking, order === undefined ? undefined : dataReplacedActs);
  const settling = order === undefined ? undefined : settlingSteps(order, taking);
  const { etcd } = taking;
  const removeCanary = {
    plan: async () => [etcd.commands.delete(canaryKey)],
    run: () => etcd.delete(canaryKey),
    verify: () => canaryGone(taking),
  };
  return [
    change('start', `Start etcd on ${list(taking.hosts.map(({ member }) => member))}`, start),
    change('canary', 'Prove it with a write, read back from the members', canary),
    check('members-agree', 'One leader, one raft term, the same hash on every member, no alarm', agree),
    ...(settling === undefined ? [] : [change('configure', 'Set initial-cluster-state to existing and the new token', settling.configure)]),
    change('clean-up', 'Remove the canary and what was handed out', settling?.cleanUp ?? removeCanary),
    ...(settling === undefined ? [] : [destroy('delete-old-data', 'Delete the old data-dirs for good', settling.deleteOldData)]),
  ];
}

/** How the hosts stand that a run was to start, when it ends early: nothing needs to be undone. */
function standing(world: World): Promise<string> {
  return abandonEach(world, { runbook: 'recover-quorum', leave: asItStands });
}

async function asItStands(host: Host): Promise<Left> {
  try {
    const unit = await host.unit();
    if (unit.masked) return await keptFromStarting(host, unit);
    return { kind: 'said', sentence: `${host.member}: etcd is ${unit.activeState}, its data is as it was.` };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return { kind: 'said', sentence: `${host.member}: its data is as it was; how etcd stands could not be seen (${error.message}).` };
  }
}
