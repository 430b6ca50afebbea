/** A bound in time around a promise. */
import type { Clock } from './ports.ts';

/** After so long it is seen whether this process stood still. */
const tickMs = 100;
/** How much longer than its limit a call under `within` is given: who stood still finds deadline and answer there together. */
const stallAllowanceMs = 8_000;

/** The deadline of a call whose limit `within` keeps. */
export function allowingForStall(limitMs: number): number {
  return limitMs + stallAllowanceMs;
}

/**
 * Waits for `work`, at most `limitMs`; then gives what `otherwise` gives. The work itself is not stopped: hand it its own deadline.
 * Time in which this process itself did not get to run counts little, or a busy machine would make every member seem silent: the timers come
 * first after a stall, and the answers that lie there already would not be heard.
 * @param clock whose time passes
 */
export async function within<Result, Otherwise>(
  clock: Clock,
  limitMs: number,
  work: Promise<Result>,
  otherwise: () => Otherwise,
): Promise<Result | Otherwise> {
  const settled = new AbortController();
  try {
    return await Promise.race([work, running(clock, limitMs, settled.signal).then(otherwise)]);
  } finally {
    settled.abort();
  }
}

/** Waits until this process has been running for so long: a tick that came late counts for two at most. */
async function running(clock: Clock, limitMs: number, signal: AbortSignal): Promise<void> {
  let left = limitMs;
  while (left > 0) {
    const tick = Math.min(left, tickMs);
    const began = clock.now().getTime();
    await clock.sleep(tick, signal);
    const tookMs = clock.now().getTime() - began;
    left -= Math.min(Math.max(tookMs, tick), 2 * tick);
  }
}
