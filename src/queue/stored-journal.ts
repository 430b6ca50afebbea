/**
 * Reads the journal of a run as the bytes that stand in Redis, believing nothing.
 * Keys: `medic:journal:<runId>`, read only.
 */
import type { Redis } from 'ioredis';
import type { StoredEntry } from '../engine/chain.ts';
import type { RunId } from '../ids.ts';
import { keys } from './keys.ts';

/** Entries read in one go, so that one long journal does not hold up Redis. */
const pageSize = 1_000;

/** All entries, oldest first, with the bytes as they are: a text would hide bytes that are no UTF-8. */
export async function readStored(redis: Redis, runId: RunId): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let after = '-'; ;) {
    const page = await redis.xrangeBuffer(keys.journal(runId), after, '+', 'COUNT', pageSize);
    for (const [id, fields] of page) entries.push(storedOf(id.toString(), fields));
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return entries;
    after = `(${last[0].toString()}`;
  }
}

function storedOf(id: string, fields: readonly Buffer[]): StoredEntry {
  const field = (name: string) => {
    const at = fields.findIndex((each, index) => index % 2 === 0 && each.toString() === name);
    return at === -1 ? undefined : fields[at + 1];
  };
  const place = /^([1-9][0-9]*)-0$/.exec(id)?.[1];
  const hash = field('hash')?.toString();
  return {
    seq: place === undefined ? undefined : Number(place) - 1,
    at: field('at')?.toString() ?? '',
    event: field('event') ?? '',
    ...(hash !== undefined && { hash }),
  };
}
