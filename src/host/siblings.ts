/** One look at the data-dir and everything beside it that begins with its name. */
import { unknownOutput } from './failures.ts';
import { lookAsRoot } from './command.ts';
import type { HostCommand } from './command.ts';
import { nameOf, parentOf } from './paths.ts';

/** A file, directory or symlink, itself and not what it points to. */
export interface Entry {
  readonly path: string;
  /** find's `%y`: f, d, l … */
  readonly type: string;
  readonly owner: string;
  readonly group: string;
  /** Octal, e.g. `700`. */
  readonly mode: string;
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  /** A directory without entries. */
  readonly empty: boolean;
}

/** What lies beside the data-dir, by path. */
export interface Siblings {
  readonly parent: Entry;
  at(path: string): Entry | undefined;
  /** Paths beside the data-dir that begin with its name and a dot: what runs have left there. */
  readonly beside: readonly string[];
}

/**
 * Lists the parent, the data-dir and what begins with its name, and one level inside of those (to know what is empty).
 * All in one command, so that the picture is of one moment, and absence is seen as absence and not read from a message.
 */
export function listSiblings(dataDir: string): HostCommand {
  const parent = parentOf(dataDir);
  const wanted = `${parent}/${nameOf(dataDir)}*`;
  // Exit code 1: an entry vanished while find walked, or (told by the empty answer) there is no such parent.
  return {
    ...lookAsRoot(
      'find',
      parent,
      '-maxdepth',
      '2',
      '(',
      '-path',
      parent,
      '-o',
      '-path',
      wanted,
      ')',
      '-printf',
      String.raw`%p\t%y\t%u\t%g\t%m\t%D\t%i\t%s\0`,
    ),
    accepts: [0, 1],
  };
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN when the parent is not there or the answer is not find's */
export function parseSiblings(where: string, dataDir: string, answer: { readonly stdout: string; readonly stderr: string }): Siblings {
  const parent = parentOf(dataDir);
  const rows = answer.stdout
    .split('\0')
    .filter((row) => row !== '')
    .map((row) => row.split('\t'));
  const withChildren = new Set(rows.map(([path = '']) => parentOf(path)));
  const entries = new Map(
    rows.flatMap(([path, type, owner, group, mode, device, inode, size]) => {
      if (
        path === undefined ||
        type === undefined ||
        owner === undefined ||
        group === undefined ||
        mode === undefined ||
        device === undefined ||
        inode === undefined ||
        size === undefined
      )
        return [];
      return [
        [path, { path, type, owner, group, mode, device, inode, sizeBytes: Number(size), empty: type === 'd' && !withChildren.has(path) }],
      ];
    }),
  );
  const parentEntry = entries.get(parent);
  if (parentEntry === undefined) throw unknownOutput(where, `find ${parent}`, answer.stderr);
  const beside = [...entries.keys()].filter((path) => path.startsWith(`${dataDir}.`) && parentOf(path) === parent).toSorted();
  return { parent: parentEntry, at: (path) => entries.get(path), beside };
}

/** Device and inode: survives a rename on the same file system. */
export function identityOf({ device, inode }: Entry): string {
  return `${device}:${inode}`;
}
