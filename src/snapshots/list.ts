/** Lists the stored snapshots of a cluster by their sidecars and sizes, the flawed ones with the reason. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engine/ports.ts';
import type { SnapshotFileName } from '../ids.ts';
import { nameOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { readSidecar } from './sidecar.ts';
import type { StoredSnapshot } from './snapshots.ts';
import { systemCode, withStore } from './store-error.ts';

/** A file that a run still writes is none of a listing's business; one this old was left behind. */
const leftBehindAfterMs = 24 * 60 * 60 * 1_000;

/** What listing needs. */
export interface ListDeps {
  readonly layout: Layout;
  readonly clock: Clock;
}

/** Newest first; what has no time in its name comes last. @throws OpsError STORE_FAILED */
export async function list({ layout, clock }: ListDeps): Promise<readonly StoredSnapshot[]> {
  const files = (await filesIn(layout)).toSorted().toReversed();
  const found: StoredSnapshot[] = [];
  const odd: StoredSnapshot[] = [];
  for (const file of files) {
    const named = nameOf(file);
    if (named.kind === 'snapshot') found.push(await stored(layout, file, named.id));
    else if (named.kind === 'sidecar' && !files.includes(`${named.id}.db`))
      found.push({ ok: false, file, because: `Its file ${named.id}.db is missing.` });
    else if (named.kind === 'stray') odd.push(stray(file, named.usableAs));
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

function stray(file: string, usableAs: SnapshotFileName | undefined): StoredSnapshot {
  return usableAs === undefined
    ? {
        ok: false,
        file,
        because: 'It was not saved by this bot, and its name holds more than letters, digits, dots, dashes and underscores.',
      }
    : { ok: false, file, because: 'It was not saved by this bot.', usableAs };
}

async function stored(layout: Layout, file: string, id: Parameters<Layout['file']>[0]): Promise<StoredSnapshot> {
  const reading = await readSidecar(layout, id);
  if (!reading.ok) return { ok: false, file, because: `Its sidecar ${id}.json ${reading.because}.` };
  const bytes = await sizeOf(layout.file(id));
  if (bytes === undefined) return { ok: false, file, because: 'It is gone.' };
  if (bytes !== reading.record.bytes)
    return { ok: false, file, because: `It has ${bytes} bytes, its sidecar says ${reading.record.bytes}.` };
  return reading;
}

async function leftBehind(layout: Layout, file: string, clock: Clock): Promise<readonly StoredSnapshot[]> {
  const age = await withStore(`look at ${file}`, async () => {
    try {
      return clock.now().getTime() - (await stat(join(layout.directory, file))).mtimeMs;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return 0;
      throw error;
    }
  });
  return age < leftBehindAfterMs
    ? []
    : [{ ok: false, file, because: 'It was left behind by a run that was cut more than a day ago, and may be deleted.' }];
}

/** The size of a file; undefined when there is none. @throws OpsError STORE_FAILED */
export async function sizeOf(path: string): Promise<number | undefined> {
  return await withStore(`look at ${path}`, async () => {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}
