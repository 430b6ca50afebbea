/** Puts restored data in the place of the old: decides what is left to do from what is there, moves, and proves each move. */
import { OpsError } from '../errors.ts';
import { changeAsRoot, look } from './command.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { isMountPoint, mountInfoPath } from './mounts.ts';
import { parentOf } from './paths.ts';
import type { Answer, Shell } from './shell.ts';
import { identityOf, listSiblings, parseSiblings } from './siblings.ts';
import type { Siblings } from './siblings.ts';

/** Which of the three are there. */
export interface Present {
  readonly dataDir: boolean;
  readonly restored: boolean;
  readonly aside: boolean;
}

export type Move = 'move-aside' | 'stand-in' | 'move-in';
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

/** The two renames, and their way to the disk, as they stand in a plan. -n: never over something; -T: never into something. */
export function swapCommands(
  dataDir: string,
  paths: RunPaths,
  { exists }: { readonly exists: boolean } = { exists: true },
): readonly HostCommand[] {
  return [command(exists ? 'move-aside' : 'stand-in', dataDir, paths), command('move-in', dataDir, paths), toDisk(dataDir)];
}

/** Names reach the disk when their directory does. */
function toDisk(dataDir: string): HostCommand {
  return changeAsRoot('sync', '-f', parentOf(dataDir));
}

function command(move: Move, dataDir: string, { restored, aside }: Omit<RunPaths, 'snapshot'>): HostCommand {
  if (move === 'stand-in') return changeAsRoot('mkdir', '-m', '700', aside);
  return move === 'move-aside' ? changeAsRoot('mv', '-nT', dataDir, aside) : changeAsRoot('mv', '-nT', restored, dataDir);
}

/** Refuses a data-dir that cannot be renamed, before anything is touched. @throws OpsError HOST_OUTPUT_UNKNOWN */
export function refuseUnmovable(where: string, dataDir: string, siblings: Siblings, mountInfo: string): void {
  const entry = siblings.at(dataDir);
  const refuse = (because: string, hint: string) =>
    new OpsError('HOST_OUTPUT_UNKNOWN', `${dataDir} on ${where} ${because}, so it cannot be moved aside by a rename.`, { hint });
  if (entry?.type === 'l') throw refuse('is a symbolic link', 'Set dataDir in config.yaml and in etcd to the directory itself.');
  if (entry !== undefined && entry.type !== 'd') throw refuse('is not a directory', 'Look at what stands in its place.');
  if (isMountPoint(dataDir, mountInfo) || (entry !== undefined && entry.device !== siblings.parent.device)) {
    throw refuse('is a mount point', 'Make the data-dir a directory inside of that file system and set dataDir to it.');
  }
}

/** @throws OpsError HOST_* ; the caller has proven that etcd is fenced */
export async function swapDataDir({
  shell,
  dataDir,
  paths,
}: {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
}): Promise<void> {
  const before = await lookAround(shell, dataDir);
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
  for (const move of decision.moves) {
    const was = await lookAround(shell, dataDir);
    await shell.run(command(move, dataDir, paths), { limitMs: limits.actLimitMs });
    const is = await lookAround(shell, dataDir);
    if (move === 'move-aside') proveMoved(shell.where, was, is, dataDir, paths.aside);
    if (move === 'move-in') proveMoved(shell.where, was, is, paths.restored, dataDir);
  }
  if (decision.moves.length > 0) await shell.run(toDisk(dataDir), { limitMs: limits.actLimitMs });
}

async function lookAround(shell: Shell, dataDir: string): Promise<Siblings> {
  const [list, mounts] = (await shell.session([listSiblings(dataDir), look('cat', mountInfoPath)])).answers;
  const siblings = parseSiblings(shell.where, dataDir, list as Answer);
  refuseUnmovable(shell.where, dataDir, siblings, (mounts as Answer).stdout);
  return siblings;
}

/** mv's exit code does not say whether -n held it back (it did not before coreutils 9.2). The same directory under the other name does. */
function proveMoved(where: string, was: Siblings, is: Siblings, from: string, to: string): void {
  const [source, result] = [was.at(from), is.at(to)];
  if (source !== undefined && result !== undefined && is.at(from) === undefined && identityOf(source) === identityOf(result)) return;
  throw new OpsError('HOST_COMMAND_FAILED', `${from} on ${where} was to be renamed to ${to}, but it is not there under that name.`, {
    hint: `Look at both names on the host before you press Retry.`,
  });
}
