/** Lengths of time that overlap, counted once. */

/** From and to, in milliseconds since the epoch. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** How much of `within` the intervals cover: what overlaps counts once, so hosts that work side by side are not added up. */
export function coveredMs(intervals: readonly Interval[], within: Interval): number {
  const inside = intervals
    .map(({ from, to }): Interval => ({ from: Math.max(from, within.from), to: Math.min(to, within.to) }))
    .filter(({ from, to }) => to > from)
    .toSorted((a, b) => a.from - b.from);
  let covered = 0;
  let reached = within.from;
  for (const { from, to } of inside) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return covered;
}
