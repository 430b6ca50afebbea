/** Lists the stored snapshots of a cluster by their sidecars and sizes, the flawed ones with the reason. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engine/ports.ts';
import { lookAtPlain } from '../files/plain-file.ts';
import { OpsError } from '../errors.ts';
import type { SnapshotFileName } from '../ids.ts';
import { nameOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { readSidecar } from './sidecar.ts';
import type { Signing } from './signing.ts';
import type { StoredSnapshot } from './snapshots.ts';
import { systemCode, withStore } from './store-error.ts';

/** A file that a run still writes is none of a listing's business; one this old was left behind. */
const leftBehindAfterMs = 24 * 60 * 60 * 1_000;

/** What listing needs. */
export interface ListDeps {
  readonly layout: Layout;
  readonly clock: Clock;
  /** Tells what this bot has signed from what it has not. */
  readonly signing: Signing;
  /** Workers that keep their backups in another directory. */
  readonly elsewhere: () => Promise<readonly string[]>;
}

/** Newest first; what has no time in its name comes last. @throws OpsError STORE_FAILED */
export async function list(deps: Omit<ListDeps, 'elsewhere'>): Promise<readonly StoredSnapshot[]> {
  const { layout, clock } = deps;
  const files = (await filesIn(layout)).toSorted().toReversed();
  const found: StoredSnapshot[] = [];
  const odd: StoredSnapshot[] = [];
  for (const file of files) {
    const named = nameOf(file);
    if (named.kind === 'snapshot') found.push(await stored(deps, file, named.id));
    else if (named.kind === 'sidecar' && !files.includes(`${named.id}.db`))
      found.push({ ok: false, file, because: `Its file ${named.id}.db is missing.` });
    else if (named.kind === 'stray') odd.push(await stray(layout, file, named.usableAs));
    else if (named.kind === 'unfinished') odd.push(...(await leftBehind(layout, file, clock)));
  }
  return [...found, ...odd];
}

async function filesIn(layout: Layout): Promise<string[]> {
  return await withStore(`list ${layout.directory}`, async () => {
    try {
      return await readdir(layout.directory);
    } catch (error) {
      // Before the first backup.
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

async function stray({ directory }: Layout, file: string, usableAs: SnapshotFileName | undefined): Promise<StoredSnapshot> {
  const look = await lookAtPlain(join(directory, file));
  if (!look.ok) return { ok: false, file, because: `It ${look.because}.` };
  return usableAs === undefined
    ? {
        ok: false,
        file,
        because: 'It was not saved by this bot, and its name holds more than letters, digits, dots, dashes and underscores.',
      }
    : { ok: false, file, because: 'It was not saved by this bot.', usableAs };
}

async function stored(deps: Omit<ListDeps, 'elsewhere'>, file: string, id: Parameters<Layout['file']>[0]): Promise<StoredSnapshot> {
  const look = await lookAtPlain(deps.layout.file(id));
  if (!look.ok) return { ok: false, file, because: look.code === 'ENOENT' ? 'It is gone.' : `It ${look.because}.` };
  const reading = readSidecar(deps, id);
  if (!reading.ok) return { ok: false, file, because: `Its sidecar ${id}.json ${reading.because}.` };
  if (look.bytes !== reading.record.bytes)
    return { ok: false, file, because: `It has ${look.bytes} bytes, its sidecar says ${reading.record.bytes}.` };
  return reading;
}

async function leftBehind(layout: Layout, file: string, clock: Clock): Promise<readonly StoredSnapshot[]> {
  const look = await lookAtPlain(join(layout.directory, file));
  if (!look.ok) return look.code === 'ENOENT' ? [] : [{ ok: false, file, because: `It ${look.because}.` }];
  return clock.now().getTime() - look.mtimeMs < leftBehindAfterMs
    ? []
    : [{ ok: false, file, because: 'It was left behind by a run that was cut more than a day ago, and may be deleted.' }];
}

/** The size of a file; undefined when there is none. @throws OpsError SNAPSHOT_INVALID for what is no file, STORE_FAILED */
export async function sizeOf(path: string): Promise<number | undefined> {
  const look = await lookAtPlain(path);
  if (look.ok) return look.bytes;
  if (look.code === 'ENOENT') return undefined;
  throw new OpsError(
    look.code.startsWith('ENOT') || look.code === 'ELOOP' ? 'SNAPSHOT_INVALID' : 'STORE_FAILED',
    `${path} ${look.because}.`,
  );
}
