/** Facts about the data-dir or a directory beside it. */
import { OpsError } from '../errors.ts';
import { accepting, lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import type { DirFacts } from './host.ts';
import { parentOf } from './paths.ts';
import type { Answer, Shell } from './shell.ts';
import { identityOf, listSiblings, parseSiblings } from './siblings.ts';
import type { Siblings } from './siblings.ts';

/** Bytes on disk. 1: it is not there, or files went away while it counted (etcd runs). */
export function sizeLook(path: string): HostCommand {
  return accepting(lookAsRoot('du', '-s', '--block-size=1', path), 0, 1);
}

/** @param size the answer of `sizeLook` */
export function dirFacts(path: string, siblings: Siblings, size: Answer): DirFacts {
  const entry = siblings.at(path);
  if (entry === undefined) return { exists: false, path };
  const { owner, group, mode, empty } = entry;
  return {
    exists: true,
    path,
    owner,
    group,
    mode,
    sizeBytes: Number(/^([0-9]+)\t/.exec(size.stdout)?.[1] ?? 0),
    identity: identityOf(entry),
    empty,
  };
}

/** One session. @throws OpsError ARGUMENT_UNSAFE for a path that is not beside the data-dir */
export async function readDirs(shell: Shell, dataDir: string, paths: readonly string[]): Promise<readonly DirFacts[]> {
  for (const path of paths) {
    if (parentOf(path) === parentOf(dataDir) && path.startsWith(dataDir)) continue;
    throw new OpsError('ARGUMENT_UNSAFE', `${path} is neither the data-dir ${dataDir} nor beside it under its name.`, {
      hint: 'Only the data-dir and what a run keeps beside it is looked at.',
    });
  }
  const [list, ...sizes] = (await shell.session([listSiblings(dataDir), ...paths.map(sizeLook)])).answers;
  const siblings = parseSiblings(shell.where, dataDir, list as Answer);
  return paths.map((path, index) => dirFacts(path, siblings, sizes[index] as Answer));
}
