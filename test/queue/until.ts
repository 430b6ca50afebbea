/** Waits for a condition instead of for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 10;

/** Gives the first result that is neither undefined nor false; fails with `what` after `limitMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(lookEveryMs);
  }
}
