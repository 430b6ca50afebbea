/** The real time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../engine/ports.ts';

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};
