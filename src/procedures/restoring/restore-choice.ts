/** Which file a restore puts back, how it is fixed when the run begins, and whether it can still be trusted. */
import { z } from 'zod';
import { allOf, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import { SnapshotFileName, SnapshotId } from '../../ids.ts';
import type { SnapshotFile, SnapshotRecord } from '../../snapshots/snapshots.ts';
import { copyRemark } from './loss.ts';
import type { World } from '../world.ts';

/** What was read of a person's own file, which has no sidecar to say it. */
const OwnFile = z.object({
  name: SnapshotFileName,
  kind: z.enum(['snapshot', 'database-copy']),
  path: z.string(),
  bytes: z.number(),
  revision: z.string().transform(BigInt),
  totalKeys: z.number(),
  hash: z.string(),
});

/** A file as it is fixed in the journal: one that changes under us is refused. */
export const ChosenFile = z.object({ snapshot: z.union([SnapshotId, SnapshotFileName]), sha256: z.string(), own: OwnFile.optional() });
export type ChosenFile = z.infer<typeof ChosenFile>;

/** What `prepare` puts into the journal of a file. */
export function fixed(file: SnapshotFile): z.input<typeof ChosenFile> {
  const { name, kind, path, bytes, sha256, revision, totalKeys, hash } = file;
  const own = 'run' in file ? {} : { own: { name, kind, path, bytes, revision: String(revision), totalKeys, hash } };
  return { snapshot: name, sha256, ...own };
}

/** The file that was fixed. @throws SNAPSHOT_NOT_FOUND, SNAPSHOT_INVALID when it is another one now */
export async function fileOf({ snapshots }: Pick<World, 'snapshots'>, { snapshot, sha256, own }: ChosenFile): Promise<SnapshotFile> {
  if (own !== undefined) return { ...own, sha256, authEnabled: undefined, v2Keys: 'unknown', takenAt: undefined };
  const record = await snapshots.find(SnapshotId.parse(snapshot));
  if (record.sha256 === sha256) return record;
  throw new OpsError(
    'SNAPSHOT_INVALID',
    `Snapshot ${snapshot} is not the file that was chosen: its sha256 was ${sha256} and is ${record.sha256}.`,
  );
}

/** The named file, or the newest snapshot that passes its whole check; a flawed newer one is passed over only for `latest`. */
export async function chooseSnapshot(world: World, wanted: 'latest' | SnapshotId | SnapshotFileName): Promise<SnapshotFile> {
  if (wanted === 'latest') return newestChecked(world);
  const { snapshots } = world;
  const own = SnapshotFileName.safeParse(wanted);
  const file = own.success ? await snapshots.inspect(own.data) : await snapshots.find(SnapshotId.parse(wanted));
  const finding = own.success ? holds() : await snapshots.check(file);
  if (!finding.holds) throw new OpsError('SNAPSHOT_INVALID', `Snapshot ${wanted} cannot be used: ${finding.because}`);
  return file;
}

/** Copies of databases are passed over: what has no hash is never taken without being named. @throws SNAPSHOT_NOT_FOUND with every reason */
export async function newestChecked({ snapshots, cluster }: Pick<World, 'snapshots' | 'cluster'>): Promise<SnapshotRecord> {
  const flaws: string[] = [];
  for (const stored of await snapshots.list()) {
    if (!stored.ok) {
      if (stored.usableAs === undefined) flaws.push(`${stored.file}: ${stored.because}`);
      continue;
    }
    if (stored.record.kind === 'database-copy') continue;
    const finding = await snapshots.check(stored.record);
    if (finding.holds) return stored.record;
    flaws.push(`${stored.record.id}: ${finding.because}`);
  }
  const why = flaws.length === 0 ? 'none was ever saved' : flaws.join('; ');
  throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no usable snapshot of ${cluster.name}: ${why}.`);
}

/** Reads the whole file again: it must be the one that was chosen. */
export async function snapshotFinding({ snapshots }: Pick<World, 'snapshots'>, source: () => Promise<SnapshotFile>): Promise<Finding> {
  const file = await source();
  const remarks: Finding[] = [await snapshots.check(file)];
  if (file.kind === 'database-copy') remarks.push(holds(`${copyRemark}.`));
  if (file.authEnabled === false) remarks.push(holds('Auth was off when it was taken, so it is off after the restore.'));
  if (file.v2Keys === 'some')
    remarks.push(holds('The cluster held API 2 keys then; this v3 snapshot does not hold them, so a restore loses them.'));
  return allOf(remarks);
}
