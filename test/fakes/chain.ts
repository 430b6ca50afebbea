/** A journal as it would be stored, each entry chained to the one before. */
import { firstLink, link } from '../../src/engine/chain.ts';
import type { StoredEntry } from '../../src/engine/chain.ts';
import type { JournalEntry, RunRequest } from '../../src/engine/journal.ts';

/** Chains entries: as they are read, and as they are stored. */
export function chained(run: RunRequest, entries: readonly JournalEntry[]): { entries: JournalEntry[]; stored: StoredEntry[] } {
  const read: JournalEntry[] = [];
  const stored: StoredEntry[] = [];
  let hash = firstLink(run);
  for (const entry of entries) {
    const { seq, at, hash: _earlier, ...said } = entry;
    const event = JSON.stringify(said);
    hash = link(hash, seq, { at, event });
    read.push({ ...entry, hash });
    stored.push({ seq, at, event, hash });
  }
  return { entries: read, stored };
}
