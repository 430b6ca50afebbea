/**
 * Where the workers keep their backups: by it is seen that two of them do not share one directory.
 *
 * Keys: `medic:backups` (hash: `id`, the mark of the directory that the first worker found; `key`, the id of the key that signs there;
 * `worker:<name> <directory>`, JSON, of each worker, written again and again).
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { BackupPlace, BackupPlaces } from '../checkup/backup-places.ts';
import { keys } from './keys.ts';

const Stored = z.object({ worker: z.string(), directory: z.string(), mark: z.string(), at: z.iso.datetime() });
const workerPrefix = 'worker:';

/** Says where this worker keeps its backups, and reads what the others say. @param keyIds of the keys that it accepts; the first signs */
export async function registerPlace(redis: Redis, place: BackupPlace, keyIds: readonly string[]): Promise<BackupPlaces> {
  const stored: z.infer<typeof Stored> = { ...place, at: place.at.toISOString() };
  await redis.hsetnx(keys.backups, 'id', place.mark);
  await redis.hset(keys.backups, `${workerPrefix}${place.worker} ${place.directory}`, JSON.stringify(stored));
  const [signs] = keyIds;
  if (signs !== undefined) {
    await redis.hsetnx(keys.backups, 'key', signs);
    const known = await redis.hget(keys.backups, 'key');
    // A new key that still accepts the one before takes its place; one that does not is a mistake, which is told.
    if (known !== null && known !== signs && keyIds.includes(known)) await redis.hset(keys.backups, 'key', signs);
  }
  return await readPlaces(redis);
}

/** What is known of all workers. Of an entry that cannot be read nothing is known. */
export async function readPlaces(redis: Redis): Promise<BackupPlaces> {
  const all = await redis.hgetall(keys.backups);
  // Redis gives them in no order.
  const sorted = Object.entries(all).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const places = sorted.flatMap(([field, json]): BackupPlace[] => {
    if (!field.startsWith(workerPrefix)) return [];
    const parsed = Stored.safeParse(jsonOf(json));
    return parsed.success ? [{ ...parsed.data, at: new Date(parsed.data.at) }] : [];
  });
  return { id: all['id'], key: all['key'], places };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
