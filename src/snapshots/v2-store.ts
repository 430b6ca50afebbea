/** The stored backups of API 2 of one cluster, in the directory of its snapshots. */
import { createHash } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { Clock } from '../engine/ports.ts';
import type { Permit } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import { ClusterId, ClusterName, MemberName, RunId, V2BackupId } from '../ids.ts';
import { lookAtPlain, openPlain, readSmallFile } from '../files/plain-file.ts';
import { linked, makeDirectory, syncDirectory, writeSynced } from './durable.ts';
import type { Layout } from './layout.ts';
import { orElsewhere } from './find.ts';
import { sizeOf } from './list.ts';
import { canonical, demandKey, doubtsOf } from './signing.ts';
import type { Signing } from './signing.ts';
import { systemCode, withStore } from './store-error.ts';
import type { StoredV2Backup, V2BackupRecord, V2Backups } from './v2-backups.ts';

const ending = '.v2.tar.gz';
/** So many seconds the time in an id may be moved on when runs on one cluster meet in one second. */
const idAttempts = 60;
/** So many ids are named when one is not known. */
const offered = 10;

/** What the store needs. */
export interface V2StoreDeps {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly elsewhere: () => Promise<readonly string[]>;
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
  /** Over all fields above; absent in sidecars from before there were signatures. */
  signature: z.string().max(128).optional(),
});
const fieldNames = Object.keys(Sidecar.shape);
/** It has about 500 bytes. */
const sidecarMaxBytes = 65_536;

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
        `There is no v2 backup ${id} of ${deps.layout.cluster}. ${ids.length === 0 ? 'None is stored.' : `There are: ${ids.slice(0, offered).join(', ')}.`}${await orElsewhere(deps)}`,
      );
    },
    takenBy: async (run) => (await usable()).find((record) => record.signed && record.run === run),
    check,
    save: (order) => save(deps, order),
  };
}

const fileOf = ({ directory }: Layout, id: V2BackupId) => join(directory, `${id}${ending}`);
const sidecarOf = ({ directory }: Layout, id: V2BackupId) => join(directory, `${id}.v2.json`);
const partOf = ({ directory }: Layout, run: RunId, what = '') => join(directory, `.${run}.v2${what}.part`);

async function list(deps: V2StoreDeps): Promise<readonly StoredV2Backup[]> {
  const { layout } = deps;
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
  return await Promise.all(named.toReversed().map((file) => stored(deps, file)));
}

async function stored(deps: V2StoreDeps, file: string): Promise<StoredV2Backup> {
  const { layout } = deps;
  const id = V2BackupId.safeParse(file.slice(0, -ending.length));
  if (!id.success) return { ok: false, file, because: 'Its name is not that of a v2 backup: it was not saved by this bot.' };
  const look = await lookAtPlain(fileOf(layout, id.data));
  if (!look.ok) return { ok: false, file, because: `It ${look.because}.` };
  const record = readRecord(deps, id.data);
  if (record === undefined)
    return { ok: false, file, because: `Its sidecar ${basename(sidecarOf(layout, id.data))} is missing or invalid.` };
  return look.bytes === record.bytes
    ? { ok: true, record }
    : { ok: false, file, because: `It has ${look.bytes} bytes, its sidecar says ${record.bytes}.` };
}

/** Undefined when it is missing, unreadable or no JSON: the same to whoever wants to use it, and the list says so. */
function readRecord({ layout, signing, clock }: V2StoreDeps, id: V2BackupId): V2BackupRecord | undefined {
  const reading = readSmallFile(sidecarOf(layout, id), 'refused', sidecarMaxBytes);
  const value = reading.ok ? jsonOf(reading.content.toString('utf8')) : undefined;
  const parsed = Sidecar.safeParse(value);
  if (!parsed.success || parsed.data.id !== id || parsed.data.cluster !== layout.cluster) return undefined;
  const { format: _format, clusterId, keys, signature, ...fields } = parsed.data;
  const written = canonical('v2 backup', fieldNames, value as Readonly<Record<string, unknown>>);
  const signed = signature !== undefined && signing.knows(written, signature);
  const doubts = doubtsOf(signed, signature, fields.takenAt, clock.now());
  return { ...fields, clusterId, keys, path: fileOf(layout, id), signed, doubts };
}

async function check(record: V2BackupRecord): Promise<Finding> {
  const file = basename(record.path);
  const look = await lookAtPlain(record.path);
  if (!look.ok) return fails(`${file} ${look.because}.`);
  if (look.bytes !== record.bytes) return fails(`${file} has ${look.bytes} bytes, its sidecar says ${record.bytes}.`);
  const sha256 = await withStore(`read ${record.path}`, () => sha256Of(record.path));
  if (sha256 !== record.sha256) return fails(`${file} has SHA-256 ${sha256}, its sidecar says ${record.sha256}: it was changed.`);
  return holds(
    `${file}: ${record.bytes} bytes, SHA-256 ${sha256.slice(0, 12)}…, made of ${record.member} at raft index ${record.raftIndex}.`,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await openPlain(path);
  for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The sidecar comes first, because it names the run: cut between the two, the run finds its sidecar again and finishes the rename. */
async function save(deps: V2StoreDeps, { run, origin, progress, fetch }: Parameters<V2Backups['save']>[0]): Promise<V2BackupRecord> {
  const { layout, clock, signing, permit } = deps;
  demandKey(signing);
  await permit();
  await withStore(`make ${layout.directory}`, () => makeDirectory(layout.directory));
  const part = partOf(layout, run);
  const earlier = await finishEarlier(deps, run, part);
  if (earlier !== undefined) return earlier;
  await withStore(`remove ${part}`, () => rm(part, { force: true }));
  const takenAt = clock.now();
  const { bytes, sha256 } = await fetch(part, progress);
  await permit();
  return await withStore(`store the backup in ${layout.directory}`, async () => {
    for (let attempt = 0; attempt < idAttempts; attempt += 1) {
      const at = new Date(takenAt.getTime() + attempt * 1_000);
      const id = V2BackupId.parse(`${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-index${origin.raftIndex}`);
      const record: V2BackupRecord = {
        ...origin,
        id,
        cluster: layout.cluster,
        path: fileOf(layout, id),
        bytes,
        sha256,
        takenAt: at,
        run,
        signed: true,
        doubts: [],
      };
      const temporary = partOf(layout, run, '.json');
      await writeSynced(temporary, sidecarText(record, signing));
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

async function finishEarlier(deps: V2StoreDeps, run: RunId, part: string): Promise<V2BackupRecord | undefined> {
  const { layout } = deps;
  const files = await withStore(`list ${layout.directory}`, () => readdir(layout.directory));
  for (const file of files) {
    const id = V2BackupId.safeParse(file.endsWith('.v2.json') ? file.slice(0, -'.v2.json'.length) : '');
    const record = id.success ? readRecord(deps, id.data) : undefined;
    // A sidecar that anybody could have written finishes nothing.
    if (record?.run !== run || !record.signed) continue;
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

function sidecarText(record: V2BackupRecord, signing: Signing): string {
  const { path: _path, signed: _signed, doubts: _doubts, raftIndex, takenAt, ...rest } = record;
  const fields: z.input<typeof Sidecar> = { ...rest, format: 1, raftIndex: String(raftIndex), takenAt: takenAt.toISOString() };
  return `${JSON.stringify({ ...fields, signature: signing.sign(canonical('v2 backup', fieldNames, fields)) }, undefined, 2)}\n`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
