/** Quoting: what a shell reads back is what was quoted, or nothing is quoted at all. */
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteArgv } from '../../src/host/quoting.ts';

/** What /bin/sh makes of the text: its words, each ended by a NUL. */
function readBack(text: string, shell = '/bin/sh'): string[] {
  const said = execFileSync(shell, ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8', maxBuffer: 1_000_000 });
  return said.split('\0').slice(0, -1);
}

describe('quoteArgv', () => {
  it.each([
    ['an empty string', ''],
    ['blanks', ' a  b '],
    ['single quotes', `it's '' '`],
    ['double quotes and backslashes', String.raw`"a\"b\\`],
    ['substitutions', '$(id) `id` ${HOME} $HOME'],
    ['operators', '; rm -rf / & | > /tmp/x < y && || !'],
    ['globs and braces', '* ? [a] {a,b} ~ ~root'],
    ['newlines and tabs', 'a\nb\tc\n'],
    ['a leading dash', '--data-dir=/x'],
    ['a comment', '#a'],
    ['a percent sign', '%s %n %%'],
    ['umlauts, Chinese and emoji', 'äöü 数据 🧯 e\u0301'],
    ['10 kB', 'x'.repeat(10_240)],
    ['the expression that edits settings', `/^ *[#;]/!s/((A|a)[=: ] *["']?)[A-Za-z0-9._-]*/\\1b/g`],
  ])('is read back by /bin/sh as it was: %s', (_, word) => {
    expect(readBack(quoteArgv([word, 'next']))).toEqual([word, 'next']);
  });

  it('is read back by /bin/sh and by bash as it was, whatever the words', () => {
    const printable = fc.string({ unit: 'grapheme' }).filter((word) => !/\p{Cc}/u.test(word));
    const word = fc.oneof(printable, fc.string({ unit: fc.constantFrom(...`'"\\$\`(){}[]*?~#;&|<>!=-% \n\tab`.split('')) }));

    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        const text = quoteArgv(words);
        expect(readBack(text)).toEqual(words);
        expect(readBack(text, '/bin/bash')).toEqual(words);
      }),
      { numRuns: 200 },
    );
  });

  it('is read back as it was through two shells, as ssh and sh -c make it', () => {
    const words = [`it's`, '$(id)', 'a\nb', '数据'];

    expect(execFileSync('/bin/sh', ['-c', quoteArgv(['/bin/sh', '-c', `printf '%s\\0' ${quoteArgv(words)}`])], { encoding: 'utf8' })).toBe(
      words.map((each) => `${each}\0`).join(''),
    );
  });

  it.each([
    ['NUL', '\u0000', 'U+0000'],
    ['escape', '\u001B[31m', 'U+001B'],
    ['backspace', 'a\u0008', 'U+0008'],
    ['carriage return', 'a\rb', 'U+000D'],
    ['a C1 control', '\u009B', 'U+009B'],
    ['delete', '\u007F', 'U+007F'],
    ['half of a surrogate pair', '\uD83D', 'U+D83D'],
  ])('refuses what cannot be handed over as it is: %s', (_, word, code) => {
    expect(() => quoteArgv(['echo', word])).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_UNSAFE', message: expect.stringContaining(code) as string }),
    );
  });

  it('either reads back as it was or is refused, for any UTF-16', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((unit) => String.fromCharCode(unit)) }), (word) => {
        let text: string;
        try {
          text = quoteArgv([word]);
        } catch {
          return;
        }
        expect(readBack(text)).toEqual([word]);
      }),
      { numRuns: 200 },
    );
  });
});
