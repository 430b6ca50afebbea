/** Adds up what was read of the keys, directory by directory, and reckons from it what each directory weighs. */
import type { KeySample, PrefixWeight } from './etcd.ts';
import { directoryOf } from './prefix.ts';
import type { Directory } from './prefix.ts';

/** One key as it was read. */
export interface SampledKey {
  /** Latin1. */
  readonly key: string;
  /** Of key and value. */
  readonly bytes: number;
  readonly version: bigint;
}

/** What was read of one directory. */
export interface DirectoryTally extends Directory {
  keys: number;
  bytes: number;
  revisions: bigint;
  /** The key to go on at; undefined when nothing of it is left unread. */
  resume: string | undefined;
  /** Of its whole range; undefined where that was not asked. */
  keysInRange: number | undefined;
}

/** What was read. */
export interface Tally {
  readonly directories: Map<string, DirectoryTally>;
  keysSeen: number;
  bytesSeen: number;
}

/** Adds one key. @returns its directory */
export function note(tally: Tally, { key, bytes, version }: SampledKey): DirectoryTally {
  const directory = directoryOf(key);
  const known = tally.directories.get(directory.label);
  const into = known ?? { ...directory, keys: 0, bytes: 0, revisions: 0n, resume: undefined, keysInRange: undefined };
  if (known === undefined) tally.directories.set(directory.label, into);
  into.keys += 1;
  into.bytes += bytes;
  into.revisions += version;
  tally.keysSeen += 1;
  tally.bytesSeen += bytes;
  return into;
}

/** How many keys are counted under a directory: those of its range without those of the directories in it. */
export function keysOf(tally: Tally, directory: DirectoryTally): number {
  if (directory.keysInRange === undefined) return directory.keys;
  if (directory.closed) return Math.max(directory.keys, directory.keysInRange);
  const deeper = [...tally.directories.values()].filter((other) => other !== directory && isIn(other, directory));
  return Math.max(directory.keys, directory.keysInRange - deeper.reduce((sum, other) => sum + keysOf(tally, other), 0));
}

/** What every directory weighs, heaviest first; from the part that was read of it to the whole. */
export function weigh(tally: Tally, keysTotal: number): KeySample {
  const prefixes = [...tally.directories.values()].map((directory): PrefixWeight => {
    const keys = keysOf(tally, directory);
    const times = keys / directory.keys;
    return {
      prefix: directory.label,
      keys,
      bytes: Math.round(directory.bytes * times),
      revisions: times === 1 ? directory.revisions : BigInt(Math.round(Number(directory.revisions) * times)),
    };
  });
  return { keysSeen: tally.keysSeen, keysTotal, prefixes: prefixes.toSorted((a, b) => b.bytes - a.bytes) };
}

function isIn(inner: Directory, outer: Directory): boolean {
  return inner.from.startsWith(outer.to === undefined ? '' : outer.from) && inner.from.length > outer.from.length;
}
