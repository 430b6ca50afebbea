/**
 * Which commands and events were taken already, so that no process carries one out again.
 * Keys: `medic:seen:<id>` (string; gone by itself).
 */
import type { Redis } from 'ioredis';
import { keys } from './keys.ts';
import { available } from './unavailable.ts';

/** What `slack/` asks. Throws QUEUE_UNAVAILABLE when Redis does not answer. */
interface Seen {
  isNew(id: string, keptMs: number): Promise<boolean>;
}

/** Keeps ids in Redis. @param front a connection that fails fast */
export function createSeen(front: Redis): Seen {
  return { isNew: (id, keptMs) => available(async () => (await front.set(keys.seen(id), '1', 'PX', keptMs, 'NX')) === 'OK') };
}
