/** Puts the kept data back in place of the present data: allowed when, resting on what, and in which order. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { DestroyAct, Host } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import { inParallel } from '../in-parallel.ts';
import { dataDirFact } from '../restoring/data-dir-fact.ts';
import { fence, fenceAll } from '../restoring/fence-all.ts';
import { lookPatiently } from '../running/patience.ts';
import { bytesInWords, list } from '../../engine/words.ts';
import { goneInWords } from '../restoring/stored.ts';
import type { World } from '../world.ts';
import { clusterIdOf, strangers } from './cluster-now.ts';
import { hasOldData, lookAtKept, membersOf, standingInWords, wrongs } from './kept.ts';
import type { KeptOn } from './kept.ts';
import type { PreparedUndo } from './prepared.ts';

/** A cluster that is slow for a moment voids no approval. */
const looks = 2;

/** What lies on the hosts, in words; holds while all of it is as it was settled. Hosts that are done already count. */
export async function stillMeaningful(prepared: PreparedUndo, on: World): Promise<Finding> {
  const found = await lookAtKept(prepared, on, 'content');
  const lost = found.filter((each) => prepared.serving.includes(each.host.member) && !isBackOrKept(each));
  const all = allOf([
    ...wrongs(found).map(fails),
    that(found.length === prepared.replaced.length, 'Not every host of that run is in config.yaml any more.'),
    that(lost.length === 0, `${list(membersOf(lost))} had data of before when this began, and has none now.`),
  ]);
  return all.holds ? holds(found.map(standingInWords).join('\n')) : all;
}

function isBackOrKept(each: KeptOn): boolean {
  return hasOldData(each) || each.standing.kind === 'returned';
}

/** In a plan it is not there yet: nothing was saved. */
async function presentDataSaved(on: World): Promise<Finding> {
  const record = await on.snapshots.takenBy(on.runId);
  return record === undefined
    ? fails(await goneInWords(on.snapshots, 'The snapshot of the present data, which this run saves first,'))
    : on.snapshots.check(record);
}

/** Asked before the card and again after the approval, also when this was cut in the middle: then nobody answers. */
export async function returnAllowed(prepared: PreparedUndo, on: World): Promise<Finding> {
  const [meaningful, look, saved] = await Promise.all([
    stillMeaningful(prepared, on),
    on.etcd.look(),
    prepared.source === null ? holds() : presentDataSaved(on),
  ]);
  const strange = look.members === undefined ? undefined : strangers(prepared, look, on);
  return allOf([meaningful, strange === undefined ? holds() : fails(strange), saved]);
}

/** What the approval rests on: who answers, as which cluster, and which directories these are. */
export async function returnFacts(prepared: PreparedUndo, on: World): Promise<Facts> {
  const [look, found] = await Promise.all([
    lookPatiently(
      on,
      on.hosts.map(({ member }) => member),
      looks,
    ),
    lookAtKept(prepared, on, 'names'),
  ]);
  const answering = look.endpoints.filter((endpoint) => endpoint.answers).map(({ member }) => member);
  return {
    undoes: prepared.run,
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': clusterIdOf(look) ?? (answering.length === 0 ? 'no member answers' : 'the members differ'),
    ...Object.fromEntries(found.flatMap((each) => [dataDirFact(each.host, each.present, each.kept), keptFact(each)])),
  };
}

function keptFact({ host, kept, standing }: KeptOn): readonly [string, string] {
  if (!kept.exists) return [`kept data on ${host.member}`, 'in its place already'];
  return [`kept data on ${host.member}`, `${kept.path}, ${standing.kind === 'empty' ? 'empty' : bytesInWords(kept.sizeBytes)}`];
}

/** What is done on a host. Where that run was cut before it came to it, its data never moved, and etcd is only stopped. */
export function returning({ run, untouched }: Pick<PreparedUndo, 'run' | 'untouched'>) {
  return ({ member }: Pick<Host, 'member'>): readonly DestroyAct[] =>
    untouched.includes(member) ? [fence] : [fence, { act: 'put-back', earlier: run }];
}

/** First all stops, then all renames: the order in which they happen. */
export function planReturn(prepared: PreparedUndo, on: World): Promise<readonly PlannedCommand[]> {
  return planOn(on.hosts, returning(prepared));
}

/** Stops and masks every member, proves it, and only then moves: a member that ran on would be a second cluster. */
export async function returnData(prepared: PreparedUndo, on: World, approval: Approval): Promise<void> {
  await fenceAll(on, approval);
  const actsOf = returning(prepared);
  await inParallel(on.hosts, async (host) => {
    for (const act of actsOf(host)) if (act.act !== 'fence') await host.destroy(act, approval);
  });
}

export async function dataReturned(prepared: PreparedUndo, on: World): Promise<Finding> {
  const found = await lookAtKept(prepared, on, 'names');
  return allOf(
    found.map(({ host, standing }) =>
      that(standing.kind === 'returned' || standing.kind === 'in-place', `${host.member} does not have its data of before in place yet.`),
    ),
  );
}
