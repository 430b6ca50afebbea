/** Words from what people type. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { bareId, commandCharactersMax, fromSlack, splitWords } from '../../src/commands/normalise.ts';

describe('fromSlack', () => {
  it('takes off the wrapping of links, people and channels', () => {
    expect(fromSlack('put prod <http://example.com|example.com> <https://a.b/c>')).toBe('put prod example.com https://a.b/c');
    expect(fromSlack('<@U0ALICE|alice> <#C0INC|incidents> <#C0INC> <!subteam^S0SRE|@sre>')).toBe('U0ALICE C0INC C0INC S0SRE');
    expect(fromSlack('<mailto:a@b.c|a@b.c>')).toBe('a@b.c');
  });

  it('undoes the escaping, once', () => {
    expect(fromSlack('put prod k "a &lt; b &amp;amp; c"')).toBe('put prod k "a < b &amp; c"');
  });

  it('leaves angle brackets of other kinds alone', () => {
    expect(fromSlack('put prod k <nonsense>')).toBe('put prod k <nonsense>');
  });
});

describe('splitWords', () => {
  it('splits at every kind of space', () => {
    expect(splitWords(' status\u00a0prod\u2003now\n\nlater\t')).toEqual(['status', 'prod', 'now', 'later']);
  });

  it('makes -- again of the dash a phone has made of it', () => {
    expect(splitWords('backup prod \u2014from etcd02 \u2013plan')).toEqual(['backup', 'prod', '--from', 'etcd02', '--plan']);
  });

  it('leaves a dash inside a word or in quotes alone', () => {
    expect(splitWords('put prod a\u2014b "\u2014x"')).toEqual(['put', 'prod', 'a\u2014b', '\u2014x']);
  });

  it('drops zero-width characters outside of quotes', () => {
    expect(splitWords('sta\u200btus pr\ufeffod\u200b')).toEqual(['status', 'prod']);
  });

  it.each([
    ['straight', `put prod k "a b"`],
    ['curly', 'put prod k \u201ca b\u201d'],
    ['German', 'put prod k \u201ea b\u201c'],
    ['single curly', 'put prod k \u2018a b\u2019'],
  ])('keeps %s quotes together', (_name, line) => {
    expect(splitWords(line)).toEqual(['put', 'prod', 'k', 'a b']);
  });

  it('keeps an apostrophe, a JSON value and a quote after an equals sign', () => {
    expect(splitWords(`put prod k don't`)).toEqual(['put', 'prod', 'k', `don't`]);
    expect(splitWords(`put prod k '{"a": 1}'`)).toEqual(['put', 'prod', 'k', '{"a": 1}']);
    expect(splitWords('put prod k {"a":1}')).toEqual(['put', 'prod', 'k', '{"a":1}']);
    expect(splitWords('x --from="etcd 02"')).toEqual(['x', '--from=etcd 02']);
  });

  it('knows an empty word and an escaped quote', () => {
    expect(splitWords(String.raw`put prod k "" "say \"x\" \\"`)).toEqual(['put', 'prod', 'k', '', String.raw`say "x" \ `.trimEnd()]);
  });

  it('never hands anything to a shell: metacharacters are characters', () => {
    expect(splitWords('put prod k $(reboot) `id` ; | > x')).toEqual(['put', 'prod', 'k', '$(reboot)', '`id`', ';', '|', '>', 'x']);
  });

  it('says so when a quote is not closed or the line is too long', () => {
    expect(() => splitWords('put prod k "a')).toThrow(/not closed/);
    expect(() => splitWords('x'.repeat(commandCharactersMax + 1))).toThrow(/at most/);
  });

  it('takes any text quickly, or refuses it with a sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        try {
          expect(splitWords(fromSlack(text)).every((word) => typeof word === 'string')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(OpsError);
        }
      }),
    );
  });

  it('takes 10 kB of anything within a second', () => {
    const started = performance.now();

    for (const unit of ['<@', '<http://', '"', '\u2014', '. ', '`', '.'].map((one) => one.repeat(10_000 / one.length))) {
      try {
        splitWords(fromSlack(unit)).map(bareId);
      } catch (error) {
        expect(error).toBeInstanceOf(OpsError);
      }
    }

    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('bareId', () => {
  it.each([
    'restore-prod-7f3a9c',
    '`restore-prod-7f3a9c`',
    'restore-prod-7f3a9c.',
    '(restore-prod-7f3a9c),',
    '*restore-prod-7f3a9c*',
    '"restore-prod-7f3a9c"!',
  ])('reads %s', (word) => {
    expect(bareId(word)).toBe('restore-prod-7f3a9c');
  });
});
