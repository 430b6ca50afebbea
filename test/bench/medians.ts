/** What many measurements of one thing come to. */

/** Median, smallest and largest of some measurements, in their own unit. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Sums measurements up; the median of an even number is the mean of the two in the middle. @throws Error when there is none */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (min === undefined || max === undefined || upper === undefined || lower === undefined) throw new Error('nothing was measured');
  return { median: (lower + upper) / 2, min, max, runs: samples.length };
}
