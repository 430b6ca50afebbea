/** How far a transfer is, in words, at most once a second. */
import type { Clock } from '../engine/ports.ts';
import type { Progress } from '../engine/step.ts';
import * as limits from './limits.ts';

/** Hands words on no more often than anybody reads them. */
export function paced(clock: Pick<Clock, 'now'>, progress: Progress): (words: () => string) => void {
  let saidAtMs = clock.now().getTime();
  return (words) => {
    const nowMs = clock.now().getTime();
    if (nowMs - saidAtMs < limits.progressEveryMs) return;
    saidAtMs = nowMs;
    progress(words());
  };
}

/** e.g. `12 of 100 MiB (12 %)`. */
export function inMebibytes(doneBytes: number, bytes: number): string {
  const percent = bytes === 0 ? 100 : Math.floor((100 * doneBytes) / bytes);
  return `${(doneBytes / 1_048_576).toFixed(0)} of ${(bytes / 1_048_576).toFixed(0)} MiB (${percent} %)`;
}
