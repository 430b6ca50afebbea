/** The stored backups of API 2 of one cluster, in the directory of its snapshots. */
import { createHash } from 'node:crypto';
import { readFile, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { Clock } from '../engine/ports.ts';
import type { Permit } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import { ClusterId, ClusterName, MemberName, RunId, V2BackupId } from '../ids.ts';
import { openPlain } from '../files/plain-file.ts';
import { linked, makeDirectory, syncDirectory, writeSynced } from './durable.ts';
import type { Layout } from './layout.ts';
import { sizeOf } from './list.ts';
import { systemCode, withStore } from './store-error.ts';
import type { StoredV2Backup, V2BackupRecord, V2Backups } from './v2-backups.ts';

const ending = '.v2.tar.gz';
/** So many seconds the time in an id may be moved on when runs on one cluster meet in one second. */
const idAttempts = 60;

/** What the store needs. */
export interface V2StoreDeps {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly permit: Permit;
}

const index = z
  .string()
  .regex(/^[0-9]{1,20}$/)
  .transform(BigInt);
/** The form of a sidecar; `path` is not in it, because the directory may be moved. */
const Sidecar = z.object({
  format: z.literal(1),
  id: V2BackupId,
  cluster: ClusterName,
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  member: MemberName,
  clusterId: ClusterId.optional(),
  etcdVersion: z.string().min(1),
  raftIndex: index,
  keys: z.int().nonnegative().optional(),
  v3Keys: z.int().nonnegative(),
  takenAt: z.iso.datetime().transform((text) => new Date(text)),
  run: RunId,
});

/** Makes the store; reads nothing yet. */
export function createV2Backups(deps: V2StoreDeps): V2Backups {
  const usable = async () => (await list(deps)).flatMap((stored) => (stored.ok ? [stored.record] : []));
  return {
    list: () => list(deps),
    async find(id) {
      const stored = (await list(deps)).find((one) => (one.ok ? one.record.id === id : one.file === `${id}${ending}`));
      if (stored?.ok === true) return stored.record;
      if (stored !== undefined) throw new OpsError('SNAPSHOT_INVALID', `The v2 backup ${id} cannot be used. ${stored.because}`);
      const ids = (await usable()).map((record) => record.id);
      throw new OpsError(
        'SNAPSHOT_NOT_FOUND',
        `There is no v2 backup ${id} of ${deps.layout.cluster}. ${ids.length === 0 ? 'None is stored.' : `There are: ${ids.join(', ')}.`}`,
      );
    },
    takenBy: async (run) => (await usable()).find((record) => record.run === run),
    check,
    save: (order) => save(deps, order),
  };
}

const fileOf = ({ directory }: Layout, id: V2BackupId) => join(directory, `${id}${ending}`);
const sidecarOf = ({ directory }: Layout, id: V2BackupId) => join(directory, `${id}.v2.json`);
const partOf = ({ directory }: Layout, run: RunId, what = '') => join(directory, `.${run}.v2${what}.part`);

async function list({ layout }: V2StoreDeps): Promise<readonly StoredV2Backup[]> {
  const files = await withStore(`list ${layout.directory}`, async () => {
    try {
      return await readdir(layout.directory);
    } catch (error) {
      // Before the first backup.
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
  const named = files.filter((file) => file.endsWith(ending) && !file.startsWith('.')).toSorted();
  return await Promise.all(named.toReversed().map((file) => stored(layout, file)));
}

async function stored(layout: Layout, file: string): Promise<StoredV2Backup> {
  const id = V2BackupId.safeParse(file.slice(0, -ending.length));
  if (!id.success) return { ok: false, file, because: 'Its name is not that of a v2 backup: it was not saved by this bot.' };
  const record = await readRecord(layout, id.data);
  if (record === undefined)
    return { ok: false, file, because: `Its sidecar ${basename(sidecarOf(layout, id.data))} is missing or invalid.` };
  const bytes = await sizeOf(record.path);
  return bytes === record.bytes
    ? { ok: true, record }
    : { ok: false, file, because: `It has ${bytes ?? 0} bytes, its sidecar says ${record.bytes}.` };
}

async function readRecord(layout: Layout, id: V2BackupId): Promise<V2BackupRecord | undefined> {
  try {
    const parsed = Sidecar.safeParse(JSON.parse(await readFile(sidecarOf(layout, id), 'utf8')));
    if (!parsed.success || parsed.data.id !== id || parsed.data.cluster !== layout.cluster) return undefined;
    const { format: _format, clusterId, keys, ...fields } = parsed.data;
    return { ...fields, clusterId, keys, path: fileOf(layout, id) };
  } catch {
    // Missing, unreadable or no JSON: the same to whoever wants to use it, and the list says so.
    return undefined;
  }
}

async function check(record: V2BackupRecord): Promise<Finding> {
  const file = basename(record.path);
  const bytes = await sizeOf(record.path);
  if (bytes !== record.bytes) return fails(`${file} has ${bytes ?? 0} bytes, its sidecar says ${record.bytes}.`);
  const sha256 = await withStore(`read ${record.path}`, () => sha256Of(record.path));
  if (sha256 !== record.sha256) return fails(`${file} has SHA-256 ${sha256}, its sidecar says ${record.sha256}: it was changed.`);
  return holds(`${file}: ${bytes} bytes, SHA-256 ${sha256.slice(0, 12)}…, made of ${record.member} at raft index ${record.raftIndex}.`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await openPlain(path);
  for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The sidecar comes first, because it names the run: cut between the two, the run finds its sidecar again and finishes the rename. */
async function save(
  { layout, clock, permit }: V2StoreDeps,
  { run, origin, progress, fetch }: Parameters<V2Backups['save']>[0],
): Promise<V2BackupRecord> {
  await permit();
  await withStore(`make ${layout.directory}`, () => makeDirectory(layout.directory));
  const part = partOf(layout, run);
  const earlier = await finishEarlier(layout, run, part);
  if (earlier !== undefined) return earlier;
  await withStore(`remove ${part}`, () => rm(part, { force: true }));
  const takenAt = clock.now();
  const { bytes, sha256 } = await fetch(part, progress);
  await permit();
  return await withStore(`store the backup in ${layout.directory}`, async () => {
    for (let attempt = 0; attempt < idAttempts; attempt += 1) {
      const at = new Date(takenAt.getTime() + attempt * 1_000);
      const id = V2BackupId.parse(`${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-index${origin.raftIndex}`);
      const record: V2BackupRecord = { ...origin, id, cluster: layout.cluster, path: fileOf(layout, id), bytes, sha256, takenAt: at, run };
      const temporary = partOf(layout, run, '.json');
      await writeSynced(temporary, sidecarText(record));
      const claimed = (await sizeOf(record.path)) === undefined && (await linked(temporary, sidecarOf(layout, id)));
      await rm(temporary, { force: true });
      if (!claimed) continue;
      await rename(part, record.path);
      await syncDirectory(layout.directory);
      return record;
    }
    throw new OpsError('STORE_FAILED', `No id was free in ${layout.directory} for a backup of index ${origin.raftIndex}.`);
  });
}

async function finishEarlier(layout: Layout, run: RunId, part: string): Promise<V2BackupRecord | undefined> {
  const files = await withStore(`list ${layout.directory}`, () => readdir(layout.directory));
  for (const file of files) {
    const id = V2BackupId.safeParse(file.endsWith('.v2.json') ? file.slice(0, -'.v2.json'.length) : '');
    const record = id.success ? await readRecord(layout, id.data) : undefined;
    if (record?.run !== run) continue;
    if ((await sizeOf(record.path)) === record.bytes) return record;
    const whole = (await sizeOf(part)) === record.bytes && (await sha256Of(part)) === record.sha256;
    await withStore(`finish ${record.path}`, async () => {
      await (whole ? rename(part, record.path) : rm(sidecarOf(layout, record.id)));
      await syncDirectory(layout.directory);
    });
    if (whole) return record;
  }
  return undefined;
}

function sidecarText(record: V2BackupRecord): string {
  const { path: _path, raftIndex, takenAt, ...rest } = record;
  const fields: z.input<typeof Sidecar> = { ...rest, format: 1, raftIndex: String(raftIndex), takenAt: takenAt.toISOString() };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}
