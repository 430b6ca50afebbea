/** Which file a restore puts back, how it is fixed when the run begins, and whether it can still be trusted. */
import { z } from 'zod';
import { allOf, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import { SnapshotFileName, SnapshotId } from '../../ids.ts';
import type { SnapshotFile, SnapshotRecord } from '../../snapshots/snapshots.ts';
import { copyRemark } from './loss.ts';
import { demandOnePlace, doubtInWords, fewOf } from './stored.ts';
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
  doubts: z.array(z.string()).default([]),
});

/** A file as it is fixed in the journal: one that changes under us is refused. */
export const ChosenFile = z.object({
  snapshot: z.union([SnapshotId, SnapshotFileName]),
  sha256: z.string(),
  own: OwnFile.optional(),
  /** Files with a newer name that were not taken for the newest, each with why. */
  passedOver: z.array(z.string()).default([]),
});
export type ChosenFile = z.infer<typeof ChosenFile>;

/** What `prepare` puts into the journal of a file. */
export function fixed({ file, passedOver }: Choice): z.input<typeof ChosenFile> {
  const { name, kind, path, bytes, sha256, revision, totalKeys, hash, doubts } = file;
  const own = 'run' in file ? {} : { own: { name, kind, path, bytes, revision: String(revision), totalKeys, hash, doubts: [...doubts] } };
  return { snapshot: name, sha256, ...own, passedOver: [...passedOver] };
}

/** A file, and what was not taken although its name is newer. */
export interface Choice<File extends SnapshotFile = SnapshotFile> {
  readonly file: File;
  readonly passedOver: readonly string[];
}

/** The file that was fixed. @throws SNAPSHOT_NOT_FOUND, SNAPSHOT_INVALID when it is another one now */
export async function fileOf(
  { snapshots }: Pick<World, 'snapshots'>,
  { snapshot, sha256, own }: Pick<ChosenFile, 'snapshot' | 'sha256' | 'own'>,
): Promise<SnapshotFile> {
  if (own !== undefined) return { ...own, sha256, authEnabled: undefined, v2Keys: 'unknown', takenAt: undefined };
  const record = await snapshots.find(SnapshotId.parse(snapshot));
  if (record.sha256 === sha256) return record;
  throw new OpsError(
    'SNAPSHOT_INVALID',
    `Snapshot ${snapshot} is not the file that was chosen: its sha256 was ${sha256} and is ${record.sha256}.`,
  );
}

/** The named file, or the newest snapshot that this bot vouches for and that passes its whole check; others are passed over only for `latest`. */
export async function chooseSnapshot(world: World, wanted: 'latest' | SnapshotId | SnapshotFileName): Promise<Choice> {
  if (wanted === 'latest') return newestChecked(world);
  const { snapshots } = world;
  const own = SnapshotFileName.safeParse(wanted);
  const file = own.success ? await snapshots.inspect(own.data) : await snapshots.find(SnapshotId.parse(wanted));
  const finding = own.success ? holds() : await snapshots.check(file);
  if (!finding.holds) throw new OpsError('SNAPSHOT_INVALID', `Snapshot ${wanted} cannot be used: ${finding.because}`);
  return { file, passedOver: [] };
}

/**
 * Passed over is what is never taken without being named: copies of databases, which have no hash, and files that nobody vouches for or whose time
 * lies in the future. Where other workers keep their backups elsewhere nobody knows from here which one is the newest, so none is chosen.
 * @throws OpsError SNAPSHOT_NOT_FOUND with every reason
 */
export async function newestChecked({ snapshots, cluster }: Pick<World, 'snapshots' | 'cluster'>): Promise<Choice<SnapshotRecord>> {
  await demandOnePlace(snapshots, `snapshot of ${cluster.name}`, `restore ${cluster.name}`);
  const flaws: string[] = [];
  for (const stored of await snapshots.list()) {
    if (!stored.ok) {
      if (stored.usableAs === undefined) flaws.push(`${stored.file}: ${stored.because.replace(/\.$/, '')}`);
      continue;
    }
    const { record } = stored;
    if (record.kind === 'database-copy') continue;
    if (record.doubts.length > 0) {
      flaws.push(doubtInWords(record));
      continue;
    }
    const finding = await snapshots.check(record);
    if (finding.holds) return { file: record, passedOver: fewOf(flaws) };
    flaws.push(`${record.id}: ${finding.because.replace(/\.$/, '')}`);
  }
  const why = flaws.length === 0 ? 'none was ever saved' : fewOf(flaws).join('; ');
  throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no snapshot of ${cluster.name} that is taken without being named: ${why}.`, {
    hint: `\`backups ${cluster.name}\` lists what there is; \`restore ${cluster.name} --snapshot <id>\` takes what you name.`,
  });
}

/** Reads the whole file again: it must be the one that was chosen. */
export async function snapshotFinding({ snapshots }: Pick<World, 'snapshots'>, source: () => Promise<SnapshotFile>): Promise<Finding> {
  const file = await source();
  const remarks: Finding[] = [await snapshots.check(file)];
  remarks.push(...file.doubts.map((doubt) => holds(`${doubt.charAt(0).toUpperCase()}${doubt.slice(1)}.`)));
  if (file.kind === 'database-copy') remarks.push(holds(`${copyRemark}.`));
  if (file.authEnabled === false) remarks.push(holds('Auth was off when it was taken, so it is off after the restore.'));
  if (file.v2Keys === 'some')
    remarks.push(holds('The cluster held API 2 keys then; this v3 snapshot does not hold them, so a restore loses them.'));
  return allOf(remarks);
}
