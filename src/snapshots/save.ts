/** Takes a snapshot and stores it so that a cut at any moment leaves either a whole record or something the same run will finish. */
import { rename, rm } from 'node:fs/promises';
import { OpsError } from '../errors.ts';
import type { Progress } from '../engine/step.ts';
import { mustLetGo } from '../engine/tenure.ts';
import type { Permit } from '../engine/tenure.ts';
import type { EtcdOverGrpc } from '../etcd/create-etcd.ts';
import type { RunId, SnapshotId } from '../ids.ts';
import type { CheckDeps } from './check.ts';
import { linked, makeDirectory, syncDirectory, writeSynced } from './durable.ts';
import { snapshotIdOf } from './layout.ts';
import { list, sizeOf } from './list.ts';
import type { ListDeps } from './list.ts';
import { readSidecar, sidecarText } from './sidecar.ts';
import { isDatabase } from './own-file.ts';
import { demandKey } from './signing.ts';
import type { SnapshotKind, SnapshotOrigin, SnapshotRecord, Snapshots } from './snapshots.ts';
import { withStore } from './store-error.ts';

/** So many seconds the time in an id may be moved on when runs on one cluster meet in one second. */
const idAttempts = 60;

/** What saving needs. */
export interface SaveDeps extends ListDeps, CheckDeps {
  readonly etcd: Pick<EtcdOverGrpc, 'saveSnapshot' | 'readSnapshotFile'>;
  readonly permit: Permit;
}

interface Order {
  readonly run: RunId;
  readonly origin: SnapshotOrigin;
  readonly progress: Progress;
}

interface Storing {
  readonly run: RunId;
  readonly kind: SnapshotKind;
  /** Fills a new file. */
  readonly fill: (part: string) => Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Asked when the file is there, as a copy's size is not known before. */
  readonly originOf: (bytes: number) => SnapshotOrigin;
}

/** Streams a snapshot from a member, and stores it. @throws OpsError ETCD_*, SNAPSHOT_INVALID, STORE_FAILED */
export async function save(deps: SaveDeps, { run, origin, progress }: Order): Promise<SnapshotRecord> {
  const fill = (part: string) => deps.etcd.saveSnapshot(origin.member, part, progress);
  return await store(deps, { run, kind: 'snapshot', originOf: () => origin, fill });
}

/** Stores a database that is copied from a stopped member. @throws OpsError HOST_*, SNAPSHOT_INVALID, STORE_FAILED */
export async function saveCopy(
  deps: SaveDeps,
  { run, origin, progress, fetch }: Parameters<Snapshots['saveCopy']>[0],
): Promise<SnapshotRecord> {
  const fill = async (part: string) => {
    const came = await fetch(part, progress);
    if (await isDatabase(part)) return came;
    await rm(part, { force: true });
    throw new OpsError(
      'SNAPSHOT_INVALID',
      `The copied database of ${origin.member} does not begin as a bbolt database does, or is not of whole pages.`,
    );
  };
  return await store(deps, { run, kind: 'database-copy', originOf: (dbSizeBytes) => ({ ...origin, dbSizeBytes }), fill });
}

/**
 * Fills `.<run>.part`, has etcd's tool read it, writes the sidecar, then renames the file to its id.
 * The sidecar comes first because it names the run: cut between the two, the run finds its sidecar again and finishes the rename.
 * The other way round a file without a sidecar would be left, which nobody could tell to be this run's, and a second one be taken.
 */
async function store(deps: SaveDeps, { run, kind, originOf, fill }: Storing): Promise<SnapshotRecord> {
  const { layout, clock, signing } = deps;
  demandKey(signing);
  const part = layout.unfinished(run, 'snapshot');
  await deps.permit();
  await withStore(`make ${layout.directory}`, () => makeDirectory(layout.directory));
  const earlier = await finishEarlier(deps, run);
  if (earlier !== undefined) return earlier;

  await withStore(`remove ${part}`, () => rm(part, { force: true }));
  const takenAt = clock.now();
  const { bytes, sha256 } = await fill(part);
  try {
    const { hash, revision, totalKeys } = await deps.snapshotStatus(part);
    // What lies there may by now be that of the worker that has taken the run over.
    await deps.permit();
    await demandSize(part, bytes);
    return await withStore(`store the snapshot in ${layout.directory}`, async () => {
      const record = await claimId(
        deps,
        (id, at) => ({
          ...originOf(bytes),
          id,
          name: id,
          kind,
          cluster: layout.cluster,
          path: layout.file(id),
          bytes,
          sha256,
          revision,
          totalKeys,
          hash,
          takenAt: at,
          run,
          signed: true,
          doubts: [],
        }),
        takenAt,
        revision,
      );
      await rename(part, record.path);
      await syncDirectory(layout.directory);
      return record;
    });
  } catch (error) {
    if (!mustLetGo(error)) await rm(part, { force: true });
    throw error;
  }
}

/** What this run has stored before it was cut: whole already, or a sidecar whose file still has its unfinished name. */
async function finishEarlier(deps: SaveDeps, run: RunId): Promise<SnapshotRecord | undefined> {
  const { layout, etcd } = deps;
  const part = layout.unfinished(run, 'snapshot');
  for (const stored of await list(deps)) {
    if (stored.ok && stored.record.signed && stored.record.run === run) return stored.record;
    if (stored.ok || !stored.file.endsWith('.json')) continue;
    const reading = readSidecar(deps, stored.file.slice(0, -'.json'.length) as SnapshotId);
    // A sidecar that anybody could have written finishes nothing.
    if (!reading.ok || !reading.record.signed || reading.record.run !== run) continue;
    const { record } = reading;
    const whole = (await sizeOf(part)) === record.bytes && (await etcd.readSnapshotFile(part)).sha256 === record.sha256;
    await withStore(`finish ${record.path}`, async () => {
      await (whole ? rename(part, record.path) : rm(layout.sidecar(record.id)));
      await syncDirectory(layout.directory);
    });
    if (whole) return record;
  }
  return undefined;
}

/** Another worker that believes it has this run, too, could have begun the file anew under our hands. */
async function demandSize(part: string, bytes: number): Promise<void> {
  const found = await sizeOf(part);
  if (found === bytes) return;
  throw new OpsError('STORE_FAILED', `${part} should have ${bytes} bytes and has ${found ?? 'gone'}: something else writes there.`, {
    hint: 'Find out what else writes there, then press Retry.',
  });
}

/** Writes the sidecar under the first id that is free. `link` never replaces: two runs that meet in one second get two ids. */
async function claimId(
  { layout, signing }: Pick<SaveDeps, 'layout' | 'signing'>,
  recordOf: (id: SnapshotId, takenAt: Date) => SnapshotRecord,
  takenAt: Date,
  revision: bigint,
): Promise<SnapshotRecord> {
  for (let attempt = 0; attempt < idAttempts; attempt += 1) {
    const at = new Date(takenAt.getTime() + attempt * 1_000);
    const record = recordOf(snapshotIdOf(at, revision), at);
    const temporary = layout.unfinished(record.run, 'sidecar');
    await writeSynced(temporary, sidecarText(record, signing));
    const claimed = (await sizeOf(record.path)) === undefined && (await linked(temporary, layout.sidecar(record.id)));
    await rm(temporary, { force: true });
    if (claimed) return record;
  }
  throw new OpsError('STORE_FAILED', `No id was free in ${layout.directory} for a snapshot of revision ${revision}.`);
}
