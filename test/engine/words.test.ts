import { describe, expect, it } from 'vitest';
import { bytesInWords, durationInWords, list, plural } from '../../src/engine/words.ts';

describe('words', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [20_480, '20.5 kB'],
    [104_857_600, '105 MB'],
    [2_147_483_648, '2.1 GB'],
  ])('says %i bytes as %s', (bytes, words) => {
    expect(bytesInWords(bytes)).toBe(words);
  });

  it.each([
    [-5, '0 seconds'],
    [1_000, '1 second'],
    [119_000, '119 seconds'],
    [720_000, '12 minutes'],
    [3 * 3_600_000, '3 hours'],
    [5 * 86_400_000, '5 days'],
  ])('says %i ms as %s', (ms, words) => {
    expect(durationInWords(ms)).toBe(words);
  });

  it('joins and counts as people do', () => {
    expect(list(['a'])).toBe('a');
    expect(list(['a', 'b', 'c'])).toBe('a, b and c');
    expect(plural(1n, 'revision')).toBe('1 revision');
    expect(plural(3, 'host')).toBe('3 hosts');
  });
});
