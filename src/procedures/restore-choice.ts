/** Which snapshot a restore puts back, and whether it can still be trusted. */
import { allOf, fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { OpsError } from '../errors.ts';
import type { SnapshotId } from '../ids.ts';
import type { SnapshotRecord } from '../snapshots/snapshots.ts';
import type { World } from './world.ts';

/** The named snapshot, or the newest one that passes its whole check; a flawed newer one is passed over only for `latest`. */
export async function chooseSnapshot({ snapshots, cluster }: World, wanted: 'latest' | SnapshotId): Promise<SnapshotRecord> {
  if (wanted !== 'latest') {
    const record = await snapshots.find(wanted);
    const finding = await snapshots.check(record);
    if (!finding.holds) throw new OpsError('SNAPSHOT_INVALID', `Snapshot ${wanted} cannot be used: ${finding.because}`);
    return record;
  }
  const flaws: string[] = [];
  for (const stored of await snapshots.list()) {
    if (!stored.ok) {
      flaws.push(`${stored.file}: ${stored.because}`);
      continue;
    }
    const finding = await snapshots.check(stored.record);
    if (finding.holds) return stored.record;
    flaws.push(`${stored.record.id}: ${finding.because}`);
  }
  const why = flaws.length === 0 ? 'none was ever saved' : flaws.join('; ');
  throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no usable snapshot of ${cluster.name}: ${why}.`);
}

/** Reads the whole file again: it must be the one that was chosen. */
export async function snapshotFinding(
  { snapshots }: World,
  { snapshot, sha256 }: { readonly snapshot: SnapshotId; readonly sha256: string },
): Promise<Finding> {
  const record = await snapshots.find(snapshot);
  if (record.sha256 !== sha256)
    return fails(`Snapshot ${snapshot} is not the file that was chosen: its sha256 was ${sha256} and is ${record.sha256}.`);
  const remarks: Finding[] = [await snapshots.check(record)];
  if (record.authEnabled === false) remarks.push(holds('Auth was off when it was taken, so it is off after the restore.'));
  if (record.v2Keys === 'some')
    remarks.push(holds('The cluster held API 2 keys then; this v3 snapshot does not hold them, so a restore loses them.'));
  return allOf(remarks);
}
