/** Whether a host has room for what a restore puts beside the data. */
import type { HostSight } from '../host/sight.ts';
import { bytesInWords } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** etcd preallocates one WAL segment of this size: https://github.com/etcd-io/etcd/blob/release-3.4/wal/wal.go (SegmentSizeBytes). */
const walSegmentBytes = 64 * 1024 * 1024;
/** What must stay free after the restore, so that etcd can write again. */
const freeMarginBytes = 64 * 1024 * 1024;

/** Free bytes a restore needs beside the data-dir: the snapshot as handed over, the data restored from it, one WAL segment, a margin. */
export function bytesNeeded(snapshotBytes: number): number {
  return 2 * snapshotBytes + walSegmentBytes + freeMarginBytes;
}

/** @param what it is needed for, where that is not plain: `a restore` */
export function roomCheck(
  about: string,
  { freeBytes, dataDir }: Pick<HostSight, 'freeBytes' | 'dataDir'>,
  neededBytes: number,
  what?: string,
): Check {
  const { good, wrong } = saying(about);
  const has = `It has ${bytesInWords(freeBytes)} free beside ${dataDir.path} and ${what === undefined ? '' : `${what} `}needs ${bytesInWords(neededBytes)}`;
  if (freeBytes >= neededBytes) return good('room', `${has}.`);
  return wrong('room', `${has}: ${bytesInWords(neededBytes - freeBytes)} are missing.`, 'Make room on that file system, or enlarge it.');
}
