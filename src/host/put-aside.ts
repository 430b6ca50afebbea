/** Moves the data-dir aside and leaves an empty one in its place, for a member that is to get its data from the others. */
import { OpsError } from '../errors.ts';
import { changeAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import * as limits from './limits.ts';
import type { Owner } from './restore.ts';
import { moveCommand, parsePlace, placeLooks, proveMoved, toDisk } from './moves.ts';
import type { Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import type { Siblings } from './siblings.ts';

/** What is there: the data-dir may be one that this very act has made, whole or in part. */
export interface AsidePresent {
  readonly dataDir: 'data' | 'empty' | 'empty-not-owned' | 'none';
  readonly aside: boolean;
}

export type AsideAct = 'move-aside' | 'stand-in' | 'make' | 'own';
export type AsideDecision = { readonly acts: readonly AsideAct[] } | { readonly refuse: string };

/**
 * What is left to do. "Empty" is a data-dir without entries, "not owned" one that is not etcd's with mode 700.
 *
 * | data-dir   | .old | what happened                                        | then                             |
 * |------------|------|------------------------------------------------------|----------------------------------|
 * | any        | no   | nothing yet                                          | move aside, make, own            |
 * | none       | no   | the member had lost its data-dir, or is new          | an empty .old stands in, make, own |
 * | none       | yes  | cut after the rename                                 | make, own                        |
 * | not owned  | yes  | cut after it was made                                | own                              |
 * | empty      | yes  | all of it                                            | nothing                          |
 * | data       | yes  | something started etcd or put data there since       | refuse                           |
 *
 * The stand-in makes "all of it" tell itself from "nothing yet" where a host begins with an empty data-dir.
 */
export function decideAside({ dataDir, aside }: AsidePresent): AsideDecision {
  if (!aside) return { acts: [dataDir === 'none' ? 'stand-in' : 'move-aside', 'make', 'own'] };
  if (dataDir === 'none') return { acts: ['make', 'own'] };
  if (dataDir === 'empty-not-owned') return { acts: ['own'] };
  if (dataDir === 'empty') return { acts: [] };
  return { refuse: 'there is data in it although the old data was moved aside already: something put it there since' };
}

/** As they stand in a plan. etcd can start in the new directory even where root owns the parent. */
export function putAsideCommands(
  dataDir: string,
  paths: RunPaths,
  owner: Owner,
  { exists }: { readonly exists: boolean } = { exists: true },
): readonly HostCommand[] {
  const acts: readonly AsideAct[] = [exists ? 'move-aside' : 'stand-in', 'make', 'own'];
  return [...acts.map((act) => command(act, dataDir, paths, owner)), toDisk(dataDir)];
}

function command(act: AsideAct, dataDir: string, paths: RunPaths, { user, group }: Owner): HostCommand {
  if (act === 'make') return changeAsRoot('mkdir', '-m', '700', dataDir);
  if (act === 'own') return changeAsRoot('chown', '-h', `${user}:${group}`, dataDir);
  return moveCommand(act, dataDir, paths);
}

interface PutAside {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
  readonly owner: Owner;
  /** As it was seen together with the fence. */
  readonly before: Siblings;
}

/** @throws OpsError HOST_* ; the caller has proven that etcd is fenced */
export async function putAside({ shell, dataDir, paths, owner, before }: PutAside): Promise<void> {
  const decision = decideAside({ dataDir: stateOf(before, dataDir, owner), aside: before.at(paths.aside) !== undefined });
  const refused = (because: string) =>
    new OpsError('HOST_COMMAND_FAILED', `The data-dir on ${shell.where} is not put aside: ${because}.`, {
      hint: `Look at ${dataDir}* on the host before you press Retry.`,
    });
  if ('refuse' in decision) throw refused(decision.refuse);
  const { acts } = decision;
  if (acts.length === 0) return;
  // A rename that was held back leaves the data-dir where it is; then mkdir fails and nothing more happens.
  const commands = [...acts.map((act) => command(act, dataDir, paths, owner)), toDisk(dataDir), ...placeLooks(dataDir)];
  const { answers } = await shell.session(commands, { limitMs: limits.actLimitMs });
  const after = parsePlace(shell.where, dataDir, answers.slice(-2));
  if (acts.includes('move-aside')) proveMoved(shell.where, { was: before, is: after, from: dataDir, to: paths.aside });
  if (stateOf(after, dataDir, owner) !== 'empty' || after.at(paths.aside) === undefined)
    throw refused('it was moved and made anew, but is not empty or not of etcd’s user afterwards');
}

/** As they stand in a plan, for a host where there is none. */
export function makeDataDirCommands(dataDir: string, owner: Owner): readonly HostCommand[] {
  const nowhere = { snapshot: '', restored: '', aside: '' };
  return [command('make', dataDir, nowhere, owner), command('own', dataDir, nowhere, owner), toDisk(dataDir)];
}

/** An empty data-dir of etcd's own where there is none: where root owns the parent, etcd could not make it. Whatever is there is left alone. @throws OpsError HOST_* */
export async function makeDataDir({ shell, dataDir, owner }: Pick<PutAside, 'shell' | 'dataDir' | 'owner'>): Promise<void> {
  const state = stateOf(parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir))), dataDir, owner);
  if (state === 'data' || state === 'empty') return;
  const commands = makeDataDirCommands(dataDir, owner);
  await shell.session(state === 'none' ? commands : commands.slice(1), { limitMs: limits.actLimitMs });
}

function stateOf(siblings: Siblings, dataDir: string, { user, group }: Owner): AsidePresent['dataDir'] {
  const entry = siblings.at(dataDir);
  if (entry === undefined) return 'none';
  if (!entry.empty) return 'data';
  return entry.owner === user && entry.group === group && entry.mode === '700' ? 'empty' : 'empty-not-owned';
}
