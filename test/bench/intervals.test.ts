/** Lengths of time that overlap. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveredMs } from './intervals.ts';

const within = { from: 100, to: 200 };

describe('coveredMs', () => {
  it('adds up what lies apart', () => {
    expect(
      coveredMs(
        [
          { from: 150, to: 160 },
          { from: 110, to: 120 },
        ],
        within,
      ),
    ).toBe(20);
  });

  it('counts once what overlaps, and what lies inside of another', () => {
    const hosts = [
      { from: 110, to: 140 },
      { from: 115, to: 120 },
      { from: 130, to: 150 },
    ];

    expect(coveredMs(hosts, within)).toBe(40);
  });

  it('counts only what lies within', () => {
    const around = [
      { from: 0, to: 110 },
      { from: 190, to: 300 },
      { from: 300, to: 400 },
    ];

    expect(coveredMs(around, within)).toBe(20);
  });

  it('is the number of milliseconds that any of them holds', () => {
    const interval = fc.tuple(fc.nat(300), fc.nat(300)).map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(interval), (intervals) => {
        const held = Array.from({ length: within.to - within.from }, (_, index) => within.from + index).filter((ms) =>
          intervals.some(({ from, to }) => from <= ms && ms < to),
        );

        expect(coveredMs(intervals, within)).toBe(held.length);
      }),
    );
  });
});
