/** Walks through a bounded sample of the keys: a page of every directory, then more of those of which least was seen. */
import type { KeySample } from './etcd.ts';
import { directoryOf, firstKey } from './prefix.ts';
import { keysOf, note, weigh } from './tally.ts';
import type { DirectoryTally, SampledKey, Tally } from './tally.ts';

/** One page of keys in their order. */
export interface KeyPage {
  readonly keys: readonly SampledKey[];
  /** There are more in the range. */
  readonly more: boolean;
}

/** A store of keys that can be read page by page. Keys are latin1 strings. */
export interface KeyPages {
  /** Undefined when time ran out over it. */
  count(from: string, to: string | undefined): Promise<number | undefined>;
  /** Reads at most `limit` keys from `from` on, before `to`; as many as it thinks fit, none when time ran out over it. */
  read(from: string, to: string | undefined, limit: number): Promise<KeyPage>;
  /** No time is left. */
  isOver(): boolean;
}

/** 20 pages of 500 keys, when values are small. */
const mostKeys = 10_000;
/** All pages together: what a member must read off its disk for this. */
const mostBytes = 32 * 1_024 * 1_024;

/**
 * Samples a store: stops at 10,000 keys, at 32 MiB or when time is over, and reckons with what was seen by then.
 * @returns undefined when not even the keys could be counted in time
 * @throws what `pages` throws
 */
export async function sample(pages: KeyPages): Promise<KeySample | undefined> {
  const tally: Tally = { directories: new Map(), keysSeen: 0, bytesSeen: 0 };
  const keysTotal = await pages.count(firstKey, undefined);
  if (keysTotal === undefined) return undefined;
  await everyDirectory(pages, tally);
  for (const directory of unfinished(tally)) {
    if (!pages.isOver()) directory.keysInRange = await pages.count(directory.from, directory.to);
  }
  await leastSeen(pages, tally);
  return weigh(tally, keysTotal);
}

/** Walks over the whole key space; a page that is all of one directory is followed by a jump over the rest of it. */
async function everyDirectory(pages: KeyPages, tally: Tally): Promise<void> {
  let from: string | undefined = firstKey;
  while (from !== undefined && !spent(pages, tally)) {
    const { keys, more } = await pages.read(from, undefined, mostKeys - tally.keysSeen);
    const directories = new Set(keys.map((key) => note(tally, key)));
    if (!more) return;
    const last = keys.at(-1);
    if (last === undefined) break;
    from = last.key + firstKey;
    const [only] = directories;
    if (directories.size === 1 && only?.closed === true) {
      only.resume = from;
      from = only.to;
    }
  }
  // The directory in which the walk was cut is not read to its end.
  const cut = from === undefined ? undefined : tally.directories.get(directoryOf(from).label);
  if (cut !== undefined) cut.resume ??= from;
}

/** Reads on, each time in the directory of which most is unseen. */
async function leastSeen(pages: KeyPages, tally: Tally): Promise<void> {
  const unseen = (directory: DirectoryTally) => keysOf(tally, directory) - directory.keys;
  while (!spent(pages, tally)) {
    const [most] = unfinished(tally).toSorted((a, b) => unseen(b) - unseen(a));
    if (most?.resume === undefined) return;
    const { keys, more } = await pages.read(most.resume, most.to, mostKeys - tally.keysSeen);
    for (const key of keys) note(tally, key);
    const last = keys.at(-1);
    if (last === undefined && more) return;
    most.resume = more && last !== undefined ? last.key + firstKey : undefined;
  }
}

function unfinished(tally: Tally): DirectoryTally[] {
  return [...tally.directories.values()].filter(({ resume }) => resume !== undefined);
}

function spent(pages: KeyPages, { keysSeen, bytesSeen }: Tally): boolean {
  return keysSeen >= mostKeys || bytesSeen >= mostBytes || pages.isOver();
}
