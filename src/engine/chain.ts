/**
 * The chain that holds a journal together: the hash of each entry covers the hash of the one before, its place, its time and its
 * bytes, and the first is chained to what the run was asked to do (docs/adr/0015-the-journal-is-a-chain.md).
 */
import { createHash } from 'node:crypto';
import type { RunRequest } from './journal.ts';

/** An entry as it is stored: the bytes that its hash covers, and the hash when there is one. */
export interface StoredEntry {
  /** By its id in the store: 0 for the first. Undefined when the id is none that a journal gives. */
  readonly seq: number | undefined;
  /** As it was written: ISO 8601, UTC. */
  readonly at: string;
  /** The event's JSON, byte for byte. */
  readonly event: Uint8Array | string;
  /** sha256, hexadecimal; absent in entries of a version that had no chain. */
  readonly hash?: string;
}

/** How long a journal is and what its last entry is chained to: whoever has noted it can tell later whether anything was changed. */
export interface Head {
  readonly entries: number;
  /** sha256, hexadecimal. */
  readonly hash: string;
}

/** What is wrong with an entry. */
export type ChainFault = 'changed' | 'missing' | 'moved';

/** What came of recomputing a chain. */
export type ChainVerdict =
  | {
      readonly state: 'whole';
      readonly head: Head;
      /** Where the chain begins: the first entry with a hash; undefined when none has one. Earlier ones were written by an older version. */
      readonly begins: number | undefined;
      /** Entries without a hash behind the first that has one. */
      readonly unchained: readonly number[];
      /** The hash of each entry as recomputed, by place. */
      readonly hashes: readonly string[];
    }
  | { readonly state: 'broken'; readonly seq: number; readonly fault: ChainFault; readonly because: string };

/** The most entries that are tried as the ones that are missing. */
const maxMissingTried = 1_000;

/** What the first entry is chained to: who asked for what, where, and when. */
export function firstLink({ runId, procedure, cluster, input, requester, mode, requestedAt }: RunRequest): string {
  const { user, channel, via } = requester;
  const asked = JSON.stringify([runId, procedure, cluster, input, user, channel, via, mode, requestedAt]);
  return createHash('sha256').update(`etcd-medic journal 1\n${asked}`).digest('hex');
}

/** The hash of the entry at a place. @param previous that of the one before it */
export function link(previous: string, seq: number, { at, event }: Pick<StoredEntry, 'at' | 'event'>): string {
  return createHash('sha256').update(`${previous}\n${seq}\n${at}\n`).update(event).digest('hex');
}

/** Where the next entry is chained on. Believes the hashes that stand there; an entry without one is taken in as it stands. */
export function headOf(run: RunRequest, stored: readonly StoredEntry[]): Head {
  const hash = stored.reduce((previous, entry, seq) => entry.hash ?? link(previous, seq, entry), firstLink(run));
  return { entries: stored.length, hash };
}

/** Recomputes a chain from the stored bytes, and names the first entry that is not what was written there. */
export function verifyChain(run: RunRequest, stored: readonly StoredEntry[]): ChainVerdict {
  const hashes: string[] = [];
  const unchained: number[] = [];
  let begins: number | undefined;
  let previous = firstLink(run);
  for (const [seq, entry] of stored.entries()) {
    if (entry.seq !== seq) return { state: 'broken', seq, fault: 'missing', because: gapAt(entry) };
    const computed = link(previous, seq, entry);
    if (entry.hash !== undefined && entry.hash !== computed) return faultAt(stored, seq, previous, begins);
    if (entry.hash === undefined && begins !== undefined) unchained.push(seq);
    if (entry.hash !== undefined) begins ??= seq;
    hashes.push(computed);
    previous = computed;
  }
  return { state: 'whole', head: { entries: stored.length, hash: previous }, begins, unchained, hashes };
}

function gapAt({ seq }: StoredEntry): string {
  return seq === undefined ? 'what stands in its place has an id that no journal gives' : `the next one that is there is entry ${seq}`;
}

/** Tells apart, as far as the hashes behind it allow, whether an entry was changed, moved, or has lost one before it. */
function faultAt(stored: readonly StoredEntry[], seq: number, previous: string, begins: number | undefined): ChainVerdict {
  const broken = (fault: ChainFault, because: string): ChainVerdict => ({ state: 'broken', seq, fault, because });
  const place = stored.findIndex((entry, at) => at > seq && entry.hash === link(previous, seq, entry));
  if (place !== -1) return broken('moved', `the entry that was written there stands at place ${place}`);
  const missing = missingBefore(stored, seq);
  if (missing > 0) return broken('missing', `what stands there is entry ${seq + missing}, numbered anew`);
  if (seq === 0) return broken('changed', 'its text, its time, or what the run was asked to do is not what was written');
  if (begins === undefined) return broken('changed', `it or an entry before it, from before there was a chain, is not what was written`);
  return broken('changed', 'its text or its time is not what was written, or the entries before it are not');
}

/** By how many places the entries from here on stand too early; 0 when the next one does not say so. */
function missingBefore(stored: readonly StoredEntry[], seq: number): number {
  const [here, next] = [stored[seq], stored[seq + 1]];
  if (here?.hash === undefined || next === undefined) return 0;
  for (let missing = 1; missing <= maxMissingTried; missing += 1)
    if (link(here.hash, seq + 1 + missing, next) === next.hash) return missing;
  return 0;
}
