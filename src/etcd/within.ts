/** A bound in time around a promise. */
import type { Clock } from '../engine/ports.ts';

/**
 * Waits for `work`, at most `limitMs`; then gives what `otherwise` gives. The work itself is not stopped: hand it its own deadline.
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
    return await Promise.race([work, clock.sleep(limitMs, settled.signal).then(otherwise)]);
  } finally {
    settled.abort();
  }
}

/** `2 s`, `500 ms`: a limit as people read it. */
export function inWords(limitMs: number): string {
  return limitMs % 1_000 === 0 ? `${limitMs / 1_000} s` : `${limitMs} ms`;
}
