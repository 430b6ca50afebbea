import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf, verifyChain } from '../../src/engine/chain.ts';
import type { StoredEntry } from '../../src/engine/chain.ts';
import { UserId } from '../../src/ids.ts';
import { chained } from '../fakes/chain.ts';
import { journalOf, request } from '../slack/fakes.ts';
import { ended } from '../slack/story.ts';

const run = request();
const { stored } = chained(run, journalOf(ended));
const unhashed = ({ hash: _hash, ...entry }: StoredEntry): StoredEntry => entry;
/** Numbered as a stream would be that was written anew. */
const numbered = (entries: readonly StoredEntry[]) => entries.map((entry, seq) => ({ ...entry, seq }));
const at = (seq: number): StoredEntry => {
  const entry = stored[seq];
  if (entry === undefined) throw new Error(`the story has no entry ${seq}`);
  return entry;
};

describe('a journal as it was written', () => {
  it('is whole, and ends in the head that a writer goes on from', () => {
    const verdict = verifyChain(run, stored);

    expect(verdict).toMatchObject({ state: 'whole', begins: 0, unchained: [], head: headOf(run, stored) });
    expect(headOf(run, stored)).toEqual({ entries: stored.length, hash: stored.at(-1)?.hash });
  });

  it('is chained to who asked for what', () => {
    const others = [
      request({ requester: { ...run.requester, user: UserId.parse('U0BOB') } }),
      request({ input: { snapshot: 'another' } }),
      request({ mode: 'plan' }),
    ];

    for (const other of others) expect(verifyChain(other, stored)).toMatchObject({ state: 'broken', seq: 0, fault: 'changed' });
  });

  it('that was begun by an older version says where its chain begins', () => {
    const older = stored.slice(0, 4).map(unhashed);
    const continued = [...older, ...stored.slice(4)];

    expect(verifyChain(run, continued)).toMatchObject({ state: 'whole', begins: 4 });
    expect(verifyChain(run, stored.map(unhashed))).toMatchObject({ state: 'whole', begins: undefined });
    expect(headOf(run, older)).toEqual({ entries: 4, hash: at(3).hash });
  });

  it('that an older version wrote into in between says which entries carry no hash', () => {
    const mixed = stored.map((entry, seq) => (seq === 5 || seq === 6 ? unhashed(entry) : entry));

    expect(verifyChain(run, mixed)).toMatchObject({ state: 'whole', begins: 0, unchained: [5, 6] });
  });
});

describe('a journal that was tampered with', () => {
  const place = fc.integer({ min: 0, max: stored.length - 1 });

  it('names the entry of which any one byte was changed', () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.integer({ min: 1, max: 255 }), (seq, offset, flip) => {
        const bytes = Buffer.from(at(seq).event);
        const index = offset % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;

        expect(verifyChain(run, stored.with(seq, { ...at(seq), event: bytes }))).toMatchObject({ state: 'broken', seq, fault: 'changed' });
      }),
    );
  });

  it('names the entry whose time was changed', () => {
    expect(verifyChain(run, stored.with(3, { ...at(3), at: '2026-11-22T03:00:00.000Z' }))).toMatchObject({ seq: 3, fault: 'changed' });
  });

  it('names the first entry that is gone, numbered anew or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: stored.length - 3 }), (seq) => {
        const rest = stored.toSpliced(seq, 1);

        expect(verifyChain(run, rest)).toMatchObject({ state: 'broken', seq, fault: 'missing' });
        expect(verifyChain(run, numbered(rest))).toMatchObject({ state: 'broken', seq, fault: 'missing' });
      }),
    );
  });

  it('names the first of two entries that changed places', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        fc.pre(a !== b);
        const swapped = numbered(stored.with(a, at(b)).with(b, at(a)));

        const verdict = verifyChain(run, swapped);

        expect(verdict).toMatchObject({ state: 'broken', seq: Math.min(a, b), fault: 'moved' });
        expect(verdict).toHaveProperty('because', expect.stringContaining(`place ${Math.max(a, b)}`));
      }),
    );
  });

  it('names an entry that was put in', () => {
    const forged = { ...at(4), event: '{"type":"step-resumed","stepId":"x"}' };

    expect(verifyChain(run, numbered(stored.toSpliced(4, 0, forged)))).toMatchObject({ state: 'broken', seq: 4, fault: 'moved' });
  });

  it('is found out also where it was written before there was a chain', () => {
    const continued = [...stored.slice(0, 4).map(unhashed), ...stored.slice(4)];

    expect(verifyChain(run, continued.with(1, { ...unhashed(at(1)), event: '{}' }))).toMatchObject({ state: 'broken', seq: 4 });
  });

  it('at its end is whole in itself: only a head that was noted elsewhere tells', () => {
    const cut = verifyChain(run, stored.slice(0, -2));

    expect(cut).toMatchObject({ state: 'whole' });
    expect(cut).not.toHaveProperty('hashes', expect.arrayContaining([stored.at(-1)?.hash]));
  });
});
