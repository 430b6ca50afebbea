/** Foreign text in sentences: bounded, and what it looks like. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleaned, cleanedLines, inSentence, isPlain } from '../../src/engine/foreign-text.ts';

describe('cleaned', () => {
  it.each([
    ['an escape sequence', '\u001B[31mred\u001B[0m alert', 'red  alert'],
    ['a title of a terminal', 'a\u001B]0;pwned\u0007b', 'a b'],
    ['text that runs the other way', 'file\u202Efdp.exe', 'file fdp.exe'],
    ['lines', 'one\r\ntwo\u2028three', 'one two three'],
    ['half a character', 'a\uD800b', 'a b'],
    ['letters without width', 'ad\u200Bmin\uFE0F', 'ad min'],
    ['a key', 'it says -----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', 'it says [secret]'],
  ])('takes out what misleads: %s', (_, text, expected) => {
    expect(cleaned(text)).toBe(expected);
  });

  it('is one bounded line, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const line = cleaned(text, limit);
        expect(isPlain(line)).toBe(true);
        expect(Array.from(line).length).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('takes no time for a megabyte', () => {
    expect(cleaned('\u001B['.repeat(500_000))).toHaveLength(600);
  });
});

it('a sentence gets no second full stop', () => {
  expect(inSentence('It is so. \n')).toBe('It is so');
});

it('a difference keeps its lines and their beginnings', () => {
  expect(cleanedLines('--- /etc/x\n+++ /etc/x\n  a\n+b\u001B[2J', 100)).toBe('--- /etc/x\n+++ /etc/x\n  a\n+b ');
});
