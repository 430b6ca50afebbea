/** Puts restored data in the place of the old: decides what is left to do from what is there, moves, and proves each move. */
import { OpsError } from '../errors.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { moveCommand, parsePlace, placeLooks, proveMoved, toDisk } from './moves.ts';
import type { Move } from './moves.ts';
import type { Shell } from './shell.ts';
import type { Siblings } from './siblings.ts';

/** Which of the three are there. */
export interface Present {
  readonly dataDir: boolean;
  readonly restored: boolean;
  readonly aside: boolean;
}

export type SwapDecision = { readonly moves: readonly Move[] } | { readonly refuse: string };

/**
 * What is left to do.
 *
 * | data-dir | .new | .old | what happened                                  | then                              |
 * |----------|------|------|------------------------------------------------|-----------------------------------|
 * | yes      | yes  | no   | nothing yet                                    | move aside, move in               |
 * | no       | yes  | yes  | cut between the two renames                    | move in                           |
 * | yes      | no   | yes  | all of it                                      | nothing                           |
 * | no       | yes  | no   | the member had lost its data-dir               | an empty .old stands in, move in  |
 * | yes      | yes  | yes  | something made a data-dir after the first move | refuse                            |
 * | yes      | no   | no   | nothing was restored                           | refuse                            |
 * | no       | no   | yes  | the restored data was lost after the first     | refuse                            |
 * | no       | no   | no   | neither old nor new data                       | refuse                            |
 *
 * The stand-in makes "all of it" tell itself from "nothing was restored".
 */
export function decideSwap({ dataDir, restored, aside }: Present): SwapDecision {
  if (restored && dataDir && aside)
    return { refuse: 'there is a data-dir although the old one was moved aside already: something made it since' };
  if (restored && dataDir) return { moves: ['move-aside', 'move-in'] };
  if (restored) return { moves: aside ? ['move-in'] : ['stand-in', 'move-in'] };
  if (dataDir && aside) return { moves: [] };
  if (aside) return { refuse: 'the restored data is gone, and so is the data-dir; the old data is still aside' };
  return { refuse: dataDir ? 'there is no restored data to put in' : 'there is neither a data-dir nor restored data' };
}

/** The two renames, and their way to the disk, as they stand in a plan. */
export function swapCommands(
  dataDir: string,
  paths: RunPaths,
  { exists }: { readonly exists: boolean } = { exists: true },
): readonly HostCommand[] {
  return [moveCommand(exists ? 'move-aside' : 'stand-in', dataDir, paths), moveCommand('move-in', dataDir, paths), toDisk(dataDir)];
}

interface Swap {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
  /** As it was seen together with the fence. */
  readonly before: Siblings;
}

/**
 * All moves in one session, with a look after each: between them etcd is down.
 * A first rename that -n held back leaves the data-dir in its place, and so holds back the second.
 * @throws OpsError HOST_* ; the caller has proven that etcd is fenced
 */
export async function swapDataDir({ shell, dataDir, paths, before }: Swap): Promise<void> {
  const decision = decideSwap({
    dataDir: before.at(dataDir) !== undefined,
    restored: before.at(paths.restored) !== undefined,
    aside: before.at(paths.aside) !== undefined,
  });
  if ('refuse' in decision) {
    throw new OpsError('HOST_COMMAND_FAILED', `The data-dir on ${shell.where} is not swapped: ${decision.refuse}.`, {
      hint: `Look at ${dataDir}* on the host before you press Retry.`,
    });
  }
  await carryOutMoves({ shell, dataDir, places: paths, before }, decision.moves);
}

/** Moves, looks after each move, and proves it. @throws OpsError HOST_* */
export async function carryOutMoves(
  { shell, dataDir, places, before }: Omit<Swap, 'paths'> & { readonly places: Pick<RunPaths, 'restored' | 'aside'> },
  moves: readonly Move[],
): Promise<void> {
  if (moves.length === 0) return;
  const steps = moves.map((move) => [moveCommand(move, dataDir, places), ...placeLooks(dataDir)]);
  const { answers } = await shell.session([...steps.flat(), toDisk(dataDir)], { limitMs: limits.actLimitMs });
  let was = before;
  for (const [index, move] of moves.entries()) {
    const at = steps.slice(0, index + 1).flat().length;
    const is = parsePlace(shell.where, dataDir, answers.slice(at - 2, at));
    if (move === 'move-aside') proveMoved(shell.where, { was, is, from: dataDir, to: places.aside });
    if (move === 'move-in') proveMoved(shell.where, { was, is, from: places.restored, to: dataDir });
    was = is;
  }
}
