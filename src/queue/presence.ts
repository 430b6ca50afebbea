/**
 * Which workers are there: each says so every few seconds, and one that has not for a while counts as gone, whether it was stopped, killed,
 * frozen or cut off. Times are of Redis's own clock, so that workers' clocks may differ.
 * Keys: `medic:workers`.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../engine/ports.ts';
import { keys } from './keys.ts';
import { announceLua, presentLua } from './lua.ts';
import { available } from './unavailable.ts';

const everyMs = 5_000;
/** So long after its last word a worker counts as gone: a word may be late, and one may be lost. */
export const goneAfterMs = 20_000;

interface PresenceDeps {
  readonly records: Redis;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Aborts when the worker stops: it is taken off the list at once. */
  readonly signal: AbortSignal;
}

/** Says that a worker is there until the signal aborts. Redis may be away: then nobody is there for anybody. Never throws. */
export async function announcePresence({ records, clock, signal }: PresenceDeps): Promise<void> {
  const id = randomUUID();
  while (!signal.aborted) {
    await records.eval(announceLua, 1, keys.workers, id, goneAfterMs).catch(() => undefined);
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
  await records.zrem(keys.workers, id).catch(() => undefined);
}

/** How many workers are there. @throws QUEUE_UNAVAILABLE */
export async function countWorkers(front: Redis): Promise<number> {
  return await available(async () => Number(await front.eval(presentLua, 1, keys.workers)));
}
