/** How much room the data-dir's file system has. */
import { OpsError } from '../errors.ts';
import { accepting, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { unknownOutput } from './failures.ts';
import { parentOf } from './paths.ts';
import type { Answer, Shell } from './shell.ts';

/** Without the blocks that only root may fill: etcd is not root. */
export function freeLook(dataDir: string): HostCommand {
  return lookAsRoot('df', '--output=avail', '--block-size=1', parentOf(dataDir));
}

/** Where the data-dir is a mount point its own file system counts, and its parent's where there is no data-dir. One session. @throws OpsError HOST_* */
export async function freeForData(shell: Shell, dataDir: string): Promise<number> {
  const own = accepting(lookAsRoot('df', '--output=avail', '--block-size=1', dataDir), 0, 1);
  const [there, beside] = (await shell.session([own, freeLook(dataDir)])).answers as [Answer, Answer];
  return parseFree(shell.where, there.exitCode === 0 ? there : beside);
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN */
export function parseFree(where: string, { stdout }: Answer): number {
  const bytes = /^\s*([0-9]+)\s*$/m.exec(stdout)?.[1];
  if (bytes === undefined) throw unknownOutput(where, 'df', stdout);
  return Number(bytes);
}

/** @throws OpsError HOST_DISK_FULL when there is less room than needed */
export function needRoom(
  where: string,
  dataDir: string,
  { freeBytes, neededBytes, purpose }: { readonly freeBytes: number; readonly neededBytes: number; readonly purpose: string },
): void {
  if (freeBytes >= neededBytes) return;
  throw new OpsError(
    'HOST_DISK_FULL',
    `${parentOf(dataDir)} on ${where} has ${mebibytes(freeBytes)} MiB free; ${purpose} needs ${mebibytes(neededBytes)} MiB.`,
    {
      details: { freeBytes, neededBytes },
    },
  );
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576);
}
