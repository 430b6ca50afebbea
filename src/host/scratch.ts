/** Removes what a run left behind beside the data-dir. */
import { OpsError } from '../errors.ts';
import { changeAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import type { RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { partOf } from './paths.ts';
import type { Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';

/** The handed-over snapshot and half-made things; neither restored nor old data. */
export function removeScratchCommands({ snapshot, restored }: RunPaths): readonly HostCommand[] {
  return [changeAsRoot('rm', '-f', partOf(snapshot), snapshot), changeAsRoot('rm', '-rf', '--one-file-system', partOf(restored))];
}

export function deleteAsideCommands({ aside }: RunPaths): readonly HostCommand[] {
  return [changeAsRoot('rm', '-rf', '--one-file-system', aside)];
}

export function removeRestoredCommands({ restored }: RunPaths): readonly HostCommand[] {
  return [changeAsRoot('rm', '-rf', '--one-file-system', restored)];
}

interface OnHost {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
}

/** Refuses once the swap has begun: then the restored data belongs in the place of the old. @throws OpsError HOST_* */
export async function removeRestored({ shell, dataDir, paths }: OnHost): Promise<void> {
  const siblings = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir)));
  if (siblings.at(paths.restored) === undefined) return;
  if (siblings.at(paths.aside) !== undefined) {
    throw new OpsError('HOST_COMMAND_FAILED', `${paths.restored} on ${shell.where} is not removed: the old data is aside already.`, {
      hint: `Look at ${dataDir}* on the host.`,
    });
  }
  await shell.session(removeRestoredCommands(paths), { limitMs: limits.deleteLimitMs });
}

/** Refuses while there is no data-dir: then the old data is all that is left. @throws OpsError HOST_* */
export async function deleteAside({ shell, dataDir, paths }: OnHost): Promise<void> {
  const siblings = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir)));
  if (siblings.at(paths.aside) === undefined) return;
  const present = siblings.at(dataDir);
  if (present === undefined || present.empty) {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `${paths.aside} on ${shell.where} is not deleted: ${dataDir} is ${present === undefined ? 'not there' : 'empty'}, so it is the only data left.`,
      {
        hint: `Look at ${dataDir}* on the host.`,
      },
    );
  }
  await shell.session(deleteAsideCommands(paths), { limitMs: limits.deleteLimitMs });
}
