/** Text that pages nobody. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, escape, escapeWithin, firstLines, moment, plain, truncate } from '../../src/slack/text.ts';
import { hostile } from './within-limits.ts';

describe('text', () => {
  it('escapes the three characters and no other', () => {
    expect(escape('<!channel> & "x"')).toBe('&lt;!channel&gt; &amp; "x"');
  });

  it('strips colours, control characters and direction marks', () => {
    expect(plain('\u001b[31mred\u001b[0m\u0007 a\u202eb\r\nc')).toBe('red ab\nc');
  });

  it('says how much is left out, and never cuts a character in two', () => {
    expect(truncate('a'.repeat(100), 40)).toMatch(/^a+… \(\d+ more characters\)$/);
    expect(truncate(`${'a'.repeat(9)}😀${'b'.repeat(90)}`, 36)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(firstLines('1\n2\n3\n4', 2)).toBe('1\n2\n… (2 more lines)');
  });

  it('stays within what is allowed whatever comes, with whole escapes', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 40, max: 3000 }), (text, max) => {
        expect(truncate(text, max).length).toBeLessThanOrEqual(max);
        expect(escapeWithin(text, max).length).toBeLessThanOrEqual(max);
        expect(escapeWithin(text, max).replaceAll(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[&<>]/);
      }),
    );
  });

  it('shows times in the reader’s zone, with UTC where that cannot be', () => {
    expect(moment('2026-11-22T03:43:00.000Z')).toBe('<!date^1795318980^{time}|03:43 UTC>');
  });

  it.each([
    [400, '0.4 s'],
    [9_960, '10 s'],
    [61_000, '1 min 1 s'],
    [120_000, '2 min'],
    [3_720_000, '1 h 2 min'],
  ])('writes %i ms as %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});
