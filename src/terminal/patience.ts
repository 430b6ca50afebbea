/** Looks at a Redis that may stop answering for a while: says so once, and gives up when that lasts. */
import { OpsError, isOpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';

/** How long Redis may be silent: one that is started again is back well within this. */
const silenceLimitMs = 30_000;

interface PatienceDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** Told when Redis falls silent, and when it answers again. */
  readonly tell: (sentence: string) => void;
}

/**
 * Looks once. Gives undefined when Redis did not answer: the caller waits as between any two looks, and looks again.
 * @throws OpsError QUEUE_UNAVAILABLE when it has not answered for half a minute in a row
 */
export type Patiently = <T>(look: () => Promise<T>) => Promise<T | undefined>;

/** Makes the patience of one wait. */
export function createPatience({ clock, tell }: PatienceDeps): Patiently {
  let silentSinceMs: number | undefined;
  return async (look) => {
    try {
      const seen = await look();
      if (silentSinceMs !== undefined) tell('Redis answers again.');
      silentSinceMs = undefined;
      return seen;
    } catch (error) {
      if (!isOpsError(error, 'QUEUE_UNAVAILABLE')) throw error;
      const nowMs = clock.now().getTime();
      if (silentSinceMs === undefined) tell(`Redis does not answer; it is asked again for up to ${silenceLimitMs / 1000} s.`);
      silentSinceMs ??= nowMs;
      if (nowMs - silentSinceMs < silenceLimitMs) return undefined;
      throw new OpsError('QUEUE_UNAVAILABLE', `Redis has not answered for ${silenceLimitMs / 1000} s.`, { cause: error });
    }
  };
}
