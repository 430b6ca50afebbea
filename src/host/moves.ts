/** Renames of directories beside the data-dir: the commands, what is looked at around them, and the proof that one happened. */
import { OpsError } from '../errors.ts';
import { changeAsRoot, look } from './command.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import { isMountPoint, mountInfoPath } from './mounts.ts';
import { parentOf } from './paths.ts';
import type { Answer } from './shell.ts';
import { identityOf, listSiblings, parseSiblings } from './siblings.ts';
import type { Siblings } from './siblings.ts';

/** The old data-dir out of its place (or an empty directory that stands in for one that is gone), and the restored one into it. */
export type Move = 'move-aside' | 'stand-in' | 'move-in';

/** -n: never over something; -T: never into something. */
export function moveCommand(move: Move, dataDir: string, { restored, aside }: Omit<RunPaths, 'snapshot'>): HostCommand {
  if (move === 'stand-in') return changeAsRoot('mkdir', '-m', '700', aside);
  return move === 'move-aside' ? changeAsRoot('mv', '-nT', dataDir, aside) : changeAsRoot('mv', '-nT', restored, dataDir);
}

/** Names reach the disk when their directory does; not the whole file system (`-f`), which would wait for everything that others write. */
export function toDisk(dataDir: string): HostCommand {
  return changeAsRoot('sync', parentOf(dataDir));
}

/** What is looked at around a move, in one go. */
export function placeLooks(dataDir: string): readonly [HostCommand, HostCommand] {
  return [listSiblings(dataDir), look('cat', mountInfoPath)];
}

/** @param answers of `placeLooks` @throws OpsError HOST_OUTPUT_UNKNOWN also when the data-dir is something that cannot be renamed */
export function parsePlace(where: string, dataDir: string, answers: readonly Answer[]): Siblings {
  const [list, mounts] = answers as [Answer, Answer];
  const siblings = parseSiblings(where, dataDir, list);
  refuseUnmovable(where, dataDir, siblings, mounts.stdout);
  return siblings;
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

interface Proof {
  readonly was: Siblings;
  readonly is: Siblings;
  readonly from: string;
  readonly to: string;
}

/** mv's exit code does not say whether -n held it back (it did not before coreutils 9.2). The same directory under the other name does. */
export function proveMoved(where: string, { was, is, from, to }: Proof): void {
  const [source, result, left] = [was.at(from), is.at(to), is.at(from)];
  const isMoved = source !== undefined && result !== undefined && identityOf(source) === identityOf(result);
  if (isMoved && (left === undefined || identityOf(left) !== identityOf(source))) return;
  throw new OpsError('HOST_COMMAND_FAILED', `${from} on ${where} was to be renamed to ${to}, but it is not there under that name.`, {
    hint: `Look at both names on the host before you press Retry.`,
  });
}
