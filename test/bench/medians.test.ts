/** What many measurements come to. */
import { describe, expect, it } from 'vitest';
import { spreadOf } from './medians.ts';

describe('spreadOf', () => {
  it('gives the one in the middle of an odd number, in whatever order they came', () => {
    expect(spreadOf([9, 1, 10, 2, 5])).toEqual({ median: 5, min: 1, max: 10, runs: 5 });
  });

  it('gives the mean of the two in the middle of an even number', () => {
    expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10, runs: 4 });
  });

  it('sorts by size and not by spelling', () => {
    expect(spreadOf([10, 9, 100])).toMatchObject({ median: 10, min: 9, max: 100 });
  });

  it('refuses to sum up nothing', () => {
    expect(() => spreadOf([])).toThrow('nothing was measured');
  });
});
