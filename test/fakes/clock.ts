/** Time that passes only when somebody sleeps or a test says so. */
import type { Clock } from '../../src/engine/ports.ts';

/** A clock a test owns. */
export interface FakeClock extends Clock {
  pass(ms: number): void;
}

/** Starts at an instant. */
export function fakeClock(start = '2026-11-22T03:00:00.000Z'): FakeClock {
  let at = Date.parse(start);
  return {
    now: () => new Date(at),
    // A real turn of the event loop, so that a race against a sleep is a race.
    async sleep(ms, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      at += ms;
    },
    pass(ms) {
      at += ms;
    },
  };
}
