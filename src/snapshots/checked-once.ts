/** Reads a file from end to end once, as long as nobody has touched it since: a restore asks three times whether its snapshot is whole. */
import { lstat } from 'node:fs/promises';
import type { Finding } from '../engine/finding.ts';
import type { SnapshotFile } from './snapshots.ts';

/**
 * Remembers what held, for as long as the one who asks lives (one advance of a run), by the file's inode, size and times to the nanosecond: every
 * write moves its ctime, which nobody can set back (stat(2)). What did not hold is looked at again.
 */
export function checkedOnce(check: (record: SnapshotFile) => Promise<Finding>): (record: SnapshotFile) => Promise<Finding> {
  const held = new Map<string, Finding>();
  return async (record) => {
    const before = await stampOf(record);
    const known = before === undefined ? undefined : held.get(before);
    if (known !== undefined) return known;
    const finding = await check(record);
    if (finding.holds && before !== undefined && before === (await stampOf(record))) held.set(before, finding);
    return finding;
  };
}

/** Undefined when it cannot be looked at: then the check itself says why. */
async function stampOf({ path, sha256, kind }: SnapshotFile): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await lstat(path, { bigint: true });
    return JSON.stringify([path, sha256, kind, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)]);
  } catch {
    return undefined;
  }
}
