/** Which backup of API 2 is put back, and whether it can still be trusted. */
import { allOf, fails, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import type { V2BackupId } from '../../ids.ts';
import type { V2BackupRecord } from '../../snapshots/v2-backups.ts';
import { demandOnePlace, doubtInWords, fewOf } from '../restoring/stored.ts';
import { mixedReason } from './v2-words.ts';
import type { World } from '../world.ts';

/** The named one, or the newest that can be used; what is flawed or nobody vouches for is passed over only for `latest`. @throws OpsError SNAPSHOT_* */
export async function chooseV2Backup({ snapshots, cluster }: World, wanted: 'latest' | V2BackupId): Promise<V2BackupRecord> {
  if (wanted !== 'latest') {
    const record = await snapshots.v2.find(wanted);
    const finding = await usable(record, { snapshots });
    if (!finding.holds) throw new OpsError('SNAPSHOT_INVALID', `The v2 backup ${wanted} cannot be used: ${finding.because}`);
    return record;
  }
  await demandOnePlace(snapshots, `backup of API 2 of ${cluster.name}`, `v2-restore ${cluster.name}`);
  const flaws: string[] = [];
  for (const stored of await snapshots.v2.list()) {
    if (!stored.ok) {
      flaws.push(`${stored.file}: ${stored.because}`);
      continue;
    }
    if (stored.record.doubts.length > 0) {
      flaws.push(doubtInWords(stored.record));
      continue;
    }
    const finding = await usable(stored.record, { snapshots });
    if (finding.holds) return stored.record;
    flaws.push(`${stored.record.id}: ${finding.because}`);
  }
  const why = flaws.length === 0 ? 'none was ever made (`v2-backup`)' : fewOf(flaws).join('; ');
  throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no backup of API 2 of ${cluster.name} that is taken without being named: ${why}.`);
}

/** Reads the whole file again: it must be the one that was chosen. */
export async function v2BackupFinding(
  world: Pick<World, 'snapshots'>,
  { backup, sha256 }: { readonly backup: V2BackupId; readonly sha256: string },
): Promise<Finding> {
  const record = await world.snapshots.v2.find(backup);
  return record.sha256 === sha256
    ? usable(record, world)
    : fails(`The v2 backup ${backup} is not the file that was chosen: its sha256 was ${sha256} and is ${record.sha256}.`);
}

async function usable(record: V2BackupRecord, { snapshots }: Pick<World, 'snapshots'>): Promise<Finding> {
  return allOf([that(record.v3Keys === 0, `${mixedReason}.`), await snapshots.v2.check(record)]);
}
