/** Ends a restore that will not be carried on: what nobody needs any more is removed, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { Host, UnitState } from '../../host/host.ts';
import { plural } from '../words.ts';
import type { World } from '../world.ts';
import { byHand, goBack, startAgain } from './by-hand.ts';
import { whereInWords } from './data-dir-fact.ts';

/** How a host was left. */
export type Left =
  /** As it was before the run. */
  | { readonly kind: 'untouched' }
  /** Its data is as it was, and etcd is kept from starting. */
  | { readonly kind: 'masked'; readonly sentence: string }
  /** Its old data is aside. */
  | { readonly kind: 'moved'; readonly sentence: string }
  | { readonly kind: 'unseen'; readonly sentence: string };

/**
 * Removes the handed-out snapshot (it holds all data) and the restored copy, on hosts where the swap has not begun.
 * A host where it has begun is left as it is, and what lies where is said.
 * @param runbook the page of the procedure
 */
export function abandonRestore(world: World, runbook: string): Promise<string> {
  return abandonEach(world, { runbook, leave: (host) => leave(host, world.runId, runbook), undo: `\`undo ${world.runId}\`` });
}

interface Leaving {
  readonly runbook: string;
  /** Tidies one host up. */
  readonly leave: (host: Host) => Promise<Left>;
  /** The command that goes back, where there is one. */
  readonly undo?: string;
}

/** Tidies every host up, and says what is typed to have etcd as it was where it is not. */
export async function abandonEach({ hosts, runId }: Pick<World, 'hosts' | 'runId'>, { runbook, leave, undo }: Leaving): Promise<string> {
  const left = await Promise.all(hosts.map(leave));
  const these = (kind: Left['kind']) => hosts.filter((_host, index) => left[index]?.kind === kind);
  const [untouched, masked, moved] = [these('untouched').length, these('masked'), these('moved')];
  const ways = undo === undefined ? 'To go back by hand:' : `To go back: ${undo}; by hand:`;
  return [
    ...(untouched === 0
      ? []
      : [`On ${plural(untouched, 'host')} etcd and its data are as they were; what this run had put there is removed.`]),
    ...left.flatMap((each) => (each.kind === 'untouched' ? [] : [each.sentence])),
    ...(masked.length === 0 ? [] : ['To start it again:', ...(await byHand(masked, startAgain, runbook))]),
    ...(moved.length === 0 ? [] : [ways, ...(await byHand(moved, goBack(runId), runbook))]),
  ].join('\n');
}

async function leave(host: Host, runId: World['runId'], runbook: string): Promise<Left> {
  try {
    const [begun, unit] = await Promise.all([host.has({ run: runId, what: 'aside' }), host.unit()]);
    return begun ? await swapBegun(host, runId) : await tidied(host, unit);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return untidy(host, error.message, runbook);
  }
}

/** Of a host that cannot be asked nobody knows what lies there. */
export function untidy({ member }: Host, because: string, runbook: string): Left {
  return {
    kind: 'unseen',
    sentence: `${member} could not be tidied up (${because}) docs/runbooks/${runbook}.md says what may lie there, and what is typed then.`,
  };
}

/** Removes what this run has put on a host whose data it has not touched. */
export async function tidied(host: Host, unit: Pick<UnitState, 'masked'>): Promise<Left> {
  await host.do({ act: 'remove-scratch' });
  await host.do({ act: 'remove-restored' });
  if (!unit.masked) return { kind: 'untouched' };
  return { kind: 'masked', sentence: `${host.member}: etcd is stopped and masked, its data is as it was.` };
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
    `the old data is in ${whereInWords(old)}`,
    `the restored data is in ${next.exists ? next.path : present.path}`,
    ...(present.exists ? [] : [`there is no ${present.path}`]),
  ];
  const stands = unit.masked ? `${unit.activeState} and masked` : unit.activeState;
  const state = settings.holds ? '' : ' etcd’s settings still have their initial-cluster-state: set it to existing.';
  return { kind: 'moved', sentence: `${host.member}: etcd is ${stands}; ${where.join(', ')}.${state}` };
}
