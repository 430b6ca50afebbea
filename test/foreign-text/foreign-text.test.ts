/** Foreign text cannot stop the process: time grows with its length and no faster, whatever it is made of, wherever it goes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleaners } from './cleaners.ts';
import { measureAll, measureWhole, ratioMax } from './measure.ts';
import { registry } from './registry.ts';
import { missing } from './sources.ts';

/** Enough for a square to show: it takes half a second for this much, and a line some milliseconds. */
const ordinaryLength = 65_536;
const wholeLength = 1_048_576;

describe('what takes foreign text', () => {
  it('takes no longer for twice the text than twice as long', { timeout: 600_000 }, () => {
    const slow = measureAll(registry, ordinaryLength).filter(({ ratio = 0 }) => ratio > ratioMax);

    expect(slow).toEqual([]);
  });

  it.each(cleaners)('$name: a megabyte of anything', { timeout: 600_000, tags: ['long'] }, (taker) => {
    const { ratio = 0, beat } = measureWhole(taker, wholeLength);

    expect(ratio, JSON.stringify(beat)).toBeLessThanOrEqual(ratioMax);
  });

  it('would be found out: a pattern that tries every beginning against every end', () => {
    const square = { name: 'square', take: (text: string) => text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/gi, '') };

    expect(measureAll([square], ordinaryLength / 2)[0]?.ratio).toBeGreaterThan(ratioMax);
  });

  it('stands in the registry, or says why it need not', () => {
    expect(missing()).toEqual([]);
  });

  it('stands in docs/foreign-text.md', () => {
    const page = readFileSync('docs/foreign-text.md', 'utf8');

    expect(registry.filter(({ name }) => !page.includes(`| ${name} |`)).map(({ name }) => name)).toEqual([]);
  });
});
