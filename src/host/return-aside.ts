/** Undoes a swap: what an earlier run moved aside goes back into its place, and what is there now goes aside under the name of this run. */
import { OpsError } from '../errors.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import { moveCommand, toDisk } from './moves.ts';
import type { Move } from './moves.ts';
import type { Shell } from './shell.ts';
import type { Siblings } from './siblings.ts';
import { carryOutMoves } from './swap.ts';

/** Which of the three are there. `kept`: what the earlier run moved aside. `aside`: what this run moves aside. */
export interface ReturnPresent {
  readonly dataDir: boolean;
  readonly kept: boolean;
  readonly aside: boolean;
}

export type ReturnDecision = { readonly moves: readonly Move[] } | { readonly refuse: string };

/**
 * What is left to do. Nothing is deleted in any row.
 *
 * | data-dir | kept | aside | what happened                                  | then                                 |
 * |----------|------|-------|------------------------------------------------|--------------------------------------|
 * | yes      | yes  | no    | nothing yet                                    | move aside, move in                  |
 * | no       | yes  | yes   | cut between the two renames                    | move in                              |
 * | yes      | no   | yes   | all of it                                      | nothing                              |
 * | no       | yes  | no    | the data-dir was lost, or the earlier run cut  | an empty one stands in aside, move in |
 * | yes      | yes  | yes   | something made a data-dir after the first move | refuse                               |
 * | yes      | no   | no    | nothing is kept, or it was deleted             | refuse                               |
 * | no       | no   | yes   | the kept data was lost after the first move    | refuse                               |
 * | no       | no   | no    | there is no data at all                        | refuse                               |
 */
export function decideReturn({ dataDir, kept, aside }: ReturnPresent): ReturnDecision {
  if (kept && dataDir && aside)
    return { refuse: 'there is a data-dir although the present one was moved aside already: something made it since' };
  if (kept && dataDir) return { moves: ['move-aside', 'move-in'] };
  if (kept) return { moves: aside ? ['move-in'] : ['stand-in', 'move-in'] };
  if (dataDir && aside) return { moves: [] };
  if (aside) return { refuse: 'the kept data is gone, and so is the data-dir; what was there before is aside' };
  return { refuse: dataDir ? 'nothing is kept that could go back into its place' : 'there is neither a data-dir nor anything kept' };
}

/** The places of the two renames: out of the data-dir to this run's own name, and in from the earlier run's. */
export function returnPlaces(own: RunPaths, earlier: RunPaths): Pick<RunPaths, 'restored' | 'aside'> {
  return { restored: earlier.aside, aside: own.aside };
}

/** The two renames, and their way to the disk, as they stand in a plan. */
export function returnCommands(
  dataDir: string,
  places: Pick<RunPaths, 'restored' | 'aside'>,
  { exists }: { readonly exists: boolean } = { exists: true },
): readonly HostCommand[] {
  return [moveCommand(exists ? 'move-aside' : 'stand-in', dataDir, places), moveCommand('move-in', dataDir, places), toDisk(dataDir)];
}

interface Return {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly places: Pick<RunPaths, 'restored' | 'aside'>;
  /** As it was seen together with the fence. */
  readonly before: Siblings;
}

/** Each move is skipped when it has happened, and proven when it is made. @throws OpsError HOST_* ; the caller has proven that etcd is fenced */
export async function returnAside({ shell, dataDir, places, before }: Return): Promise<void> {
  const decision = decideReturn({
    dataDir: before.at(dataDir) !== undefined,
    kept: before.at(places.restored) !== undefined,
    aside: before.at(places.aside) !== undefined,
  });
  if ('refuse' in decision) {
    throw new OpsError('HOST_COMMAND_FAILED', `What was kept on ${shell.where} is not put back: ${decision.refuse}.`, {
      hint: `Look at ${dataDir}* on the host before you press Retry.`,
    });
  }
  await carryOutMoves({ shell, dataDir, places, before }, decision.moves);
}
