/** Ends a restore that will not be carried on: what nobody needs any more is removed, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { DirFacts, Host, UnitState } from '../../host/host.ts';
import { list, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';
import { byHand, goBack, putBack, startAgain } from './by-hand.ts';
import { whereInWords } from './data-dir-fact.ts';

/** How a host was left. */
export type Left =
  /** As it was before the run. */
  | { readonly kind: 'untouched' }
  /** Its data is as it was, and etcd is kept from starting. */
  | { readonly kind: 'masked'; readonly hadData: boolean; readonly sentence: string }
  /** Its old data is aside; where there was none, an empty directory is. */
  | { readonly kind: 'moved'; readonly hadData: boolean; readonly sentence: string }
  /** A person has gone back by hand. */
  | { readonly kind: 'returned'; readonly hadData: true; readonly sentence: string }
  /** There is nothing to type for it. */
  | { readonly kind: 'said'; readonly sentence: string };

/**
 * Removes the handed-out snapshot (it holds all data) and the restored copy, on hosts where the swap has not begun.
 * A host where it has begun is left as it is, and what lies where is said.
 * @param runbook the page of the procedure
 * @param votes how many members the cluster had, also those that took no part
 */
export function abandonRestore(world: World, runbook: string, votes = world.cluster.members.length): Promise<string> {
  return abandonEach(world, { runbook, votes, leave: (host) => leave(host, world.runId, runbook), undo: `\`undo ${world.runId}\`` });
}

interface Leaving {
  readonly runbook: string;
  /** How many members the cluster had. */
  readonly votes?: number;
  /** Tidies one host up. */
  readonly leave: (host: Host) => Promise<Left>;
  /** The command that goes back, where there is one. */
  readonly undo?: string;
}

/** Tidies every host up, and says what is typed to have etcd as it was where it is not. */
export async function abandonEach(
  world: Pick<World, 'hosts' | 'runId' | 'cluster'>,
  { runbook, leave, undo, votes = world.cluster.members.length }: Leaving,
): Promise<string> {
  const { hosts, runId } = world;
  const left = await Promise.all(hosts.map(leave));
  const these = (wanted: (left: Left) => boolean) => hosts.filter((_host, index) => left[index] !== undefined && wanted(left[index]));
  const untouched = these(({ kind }) => kind === 'untouched').length;
  const lacking = these((each) => 'hadData' in each && !each.hadData);
  const served = untouched + these((each) => 'hadData' in each && each.hadData).length >= Math.floor(votes / 2) + 1;
  // What cannot serve is not started: its database could not be read then, and it is the source of what comes next.
  const starts = (host: Host) => (lacking.length === 0 || served) && !lacking.includes(host);
  const masked = these(({ kind }) => kind === 'masked').filter(starts);
  const moved = these(({ kind }) => kind === 'moved');
  const ways = undo === undefined ? 'To go back by hand:' : `To go back: ${undo}; by hand:`;
  return [
    ...(untouched === 0
      ? []
      : [`On ${plural(untouched, 'host')} etcd and its data are as they were; what this run had put there is removed.`]),
    ...left.flatMap((each) => (each.kind === 'untouched' ? [] : [each.sentence])),
    ...(masked.length === 0 ? [] : ['To start it again:', ...(await byHand(masked, startAgain, runbook))]),
    ...(moved.length === 0 ? [] : [ways, ...(await byHand(moved, (host) => (starts(host) ? goBack(runId) : putBack(runId)), runbook))]),
    ...withoutData(lacking, served, world),
  ].join('\n');
}

/** Whoever starts such members by hand, more than half of them, begins an empty cluster beside the data that the others have. */
function withoutData(lacking: readonly Host[], served: boolean, { cluster: { name } }: Pick<World, 'cluster'>): readonly string[] {
  if (lacking.length === 0) return [];
  const who = `${list(lacking.map(({ member }) => member))} had no data before this run`;
  if (!served)
    return [`${who}, and the others are too few to serve: leave etcd stopped where it is, \`recover-quorum ${name}\` goes on from there.`];
  const again = list(lacking.map(({ member }) => `\`replace-member ${name} ${member}\``));
  return [`${who}: leave etcd stopped there, ${again} ${lacking.length === 1 ? 'brings' : 'bring'} in what is missing.`];
}

async function leave(host: Host, runId: World['runId'], runbook: string): Promise<Left> {
  try {
    const [begun, undone, unit] = await Promise.all([
      host.has({ run: runId, what: 'aside' }),
      host.dir({ run: runId, what: 'undone' }),
      host.unit(),
    ]);
    return begun ? await swapBegun(host, runId) : await tidied(host, unit, undone);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return untidy(host, error.message, runbook);
  }
}

/** Of a host that cannot be asked nobody knows what lies there. */
export function untidy({ member }: Host, because: string, runbook: string): Left {
  return {
    kind: 'said',
    sentence: `${member} could not be tidied up (${because}) docs/runbooks/${runbook}.md says what may lie there, and what is typed then.`,
  };
}

/**
 * Removes what this run has put on a host whose data it has not touched.
 * @param undone what it had put in place, where a person has gone back by hand: members have written to it, so it stays
 */
export async function tidied(host: Host, unit: Pick<UnitState, 'masked' | 'halfMasked' | 'activeState'>, undone: DirFacts): Promise<Left> {
  await host.do({ act: 'remove-scratch' });
  await host.do({ act: 'remove-restored' });
  const returned = undone.exists && !undone.empty;
  const kept = returned
    ? `${host.member}: its data is that from before this run; what the run had put in place is kept in ${whereInWords(undone)}.`
    : '';
  if (unit.masked || unit.halfMasked === true) {
    const left = await keptFromStarting(host, unit);
    return returned ? { ...left, sentence: `${left.sentence} ${kept}` } : left;
  }
  return returned ? { kind: 'returned', hadData: true, sentence: kept } : { kind: 'untouched' };
}

/** Its data was not touched. */
export async function keptFromStarting(
  host: Host,
  { activeState }: Pick<UnitState, 'activeState'>,
): Promise<Extract<Left, { readonly kind: 'masked' }>> {
  const present = await host.dir('data');
  const data = present.exists ? 'its data is as it was' : `there is no ${present.path}, as before`;
  return {
    kind: 'masked',
    // What runs has data, or has begun to have some.
    hadData: (present.exists && !present.empty) || activeState === 'active',
    sentence: `${host.member}: etcd is ${activeState} and masked, ${data}.`,
  };
}

async function swapBegun(host: Host, runId: World['runId']): Promise<Left> {
  const [old, present, next, unit, settings] = await Promise.all([
    host.dir({ run: runId, what: 'aside' }),
    host.dir('data'),
    host.dir({ run: runId, what: 'restored' }),
    host.unit(),
    host.configured({ initialClusterState: 'existing' }),
  ]);
  const where = [
    old.exists && old.empty ? `there was no data before (${old.path} is empty)` : `the old data is in ${whereInWords(old)}`,
    `the restored data is in ${next.exists ? next.path : present.path}`,
    ...(present.exists ? [] : [`there is no ${present.path}`]),
  ];
  const stands = unit.masked ? `${unit.activeState} and masked` : unit.activeState;
  const state = settings.holds ? '' : ' etcd’s settings still have their initial-cluster-state: set it to existing.';
  return { kind: 'moved', hadData: !old.exists || !old.empty, sentence: `${host.member}: etcd is ${stands}; ${where.join(', ')}.${state}` };
}
