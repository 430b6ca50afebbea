/** What may be chosen of the stored snapshots without being named, and what is said where one is not there. */
import { list } from '../../engine/words.ts';
import { OpsError } from '../../errors.ts';
import type { SnapshotRecord, Snapshots, StoredSnapshot } from '../../snapshots/snapshots.ts';

/** So many files that were passed over are named; the others are counted. */
const named = 5;

/** Those that this bot has signed and whose time is past, newest first. */
export function trusted(stored: readonly StoredSnapshot[]): readonly SnapshotRecord[] {
  return stored.flatMap((one) => (one.ok && one.record.doubts.length === 0 ? [one.record] : []));
}

/** Those that are whole as far as a list can tell, and are taken only by name. */
export function doubted(stored: readonly StoredSnapshot[]): readonly SnapshotRecord[] {
  return stored.flatMap((one) => (one.ok && one.record.doubts.length > 0 ? [one.record] : []));
}

/** `20261122T070409Z-rev1234: nobody vouches for this file: …`. */
export function doubtInWords({ id, doubts }: { readonly id: string; readonly doubts: readonly string[] }): string {
  return `${id}: ${doubts.join('; ')}`;
}

/** Cut to as many as a card can hold: who can write into the directory can write many. */
export function fewOf(sentences: readonly string[]): readonly string[] {
  return sentences.length <= named ? sentences : [...sentences.slice(0, named), `and ${sentences.length - named} more`];
}

/**
 * Where workers keep their backups in different directories, none of them knows which one is the newest.
 * @param kind `snapshot of prod` @param command the one that takes what is named: `restore prod`
 * @throws OpsError SNAPSHOT_NOT_FOUND
 */
export async function demandOnePlace({ elsewhere }: Pick<Snapshots, 'elsewhere'>, kind: string, command: string): Promise<void> {
  const others = await elsewhere();
  if (others.length === 0) return;
  throw new OpsError(
    'SNAPSHOT_NOT_FOUND',
    `Which ${kind} is the newest cannot be known here: not all workers keep their backups in one directory, and a newer one may be on ${list(others)}.`,
    { hint: `Look there, then name one: \`${command} --snapshot <id>\`. Give all workers the same backups.directory.` },
  );
}

/** A sentence on a file that is not there, with where it may be when not all workers keep their backups in one directory. */
export async function goneInWords({ elsewhere }: Pick<Snapshots, 'elsewhere'>, what: string): Promise<string> {
  const others = await elsewhere();
  const where = others.length === 0 ? '' : `; not all workers keep their backups in one directory, so it may be on ${list(others)}`;
  return `${what} is not in the backup directory of this worker${where}.`;
}
