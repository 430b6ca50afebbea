/** Met or missed. */
import { describe, expect, it } from 'vitest';
import { spreadOf } from './medians.ts';
import { judge } from './targets.ts';

const bot = spreadOf([2]);
const hand = spreadOf([4]);

describe('judge', () => {
  it('compares with a number', () => {
    expect(judge({ kind: 'at-most', value: 2 }, { bot })).toEqual({ limit: 2, met: true });
    expect(judge({ kind: 'at-most', value: 1.9 }, { bot })).toEqual({ limit: 1.9, met: false });
  });

  it('compares with a part of what the script took', () => {
    expect(judge({ kind: 'at-most-of-hand', factor: 0.5 }, { bot, hand })).toEqual({ limit: 2, met: true });
    expect(judge({ kind: 'at-most-of-hand', factor: 0.4 }, { bot, hand })).toEqual({ limit: 1.6, met: false });
  });

  it('asks for at least a part of what the script reached', () => {
    expect(judge({ kind: 'at-least-of-hand', factor: 0.5 }, { bot, hand })).toEqual({ limit: 2, met: true });
    expect(judge({ kind: 'at-least-of-hand', factor: 0.8 }, { bot, hand })).toEqual({ limit: 3.2, met: false });
  });

  it('says nothing where there is no script to compare with', () => {
    expect(judge({ kind: 'at-most-of-hand', factor: 1 }, { bot })).toBeUndefined();
  });
});
