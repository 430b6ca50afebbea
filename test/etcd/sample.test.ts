import { describe, expect, it } from 'vitest';
import { sample } from '../../src/etcd/sample.ts';
import type { KeyPages } from '../../src/etcd/sample.ts';
import type { SampledKey } from '../../src/etcd/tally.ts';

const pageKeys = 500;

/** A store in memory; time is over after so many pages. */
function store(keys: readonly SampledKey[], pagesInTime = 1_000): KeyPages & { readonly reads: string[] } {
  const sorted = keys.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const inRange = (from: string, to: string | undefined) => sorted.filter(({ key }) => key >= from && (to === undefined || key < to));
  const reads: string[] = [];
  return {
    reads,
    count: (from, to) => Promise.resolve(inRange(from, to).length),
    read: (from, to, limit) => {
      reads.push(from);
      const found = inRange(from, to);
      const count = Math.min(limit, pageKeys);
      return Promise.resolve({ keys: found.slice(0, count), more: found.length > count });
    },
    isOver: () => reads.length >= pagesInTime,
  };
}

function keysIn(directory: string, count: number, bytes: number, version = 1n): SampledKey[] {
  return Array.from({ length: count }, (_, index) => ({ key: `${directory}/${String(index).padStart(8, '0')}`, bytes, version }));
}

describe('sample', () => {
  it('is exact where all keys are read, heaviest directory first', async () => {
    const found = await sample(
      store([...keysIn('/registry/pods/a', 300, 100, 3n), ...keysIn('/registry/events/b', 900, 10), ...keysIn('fill', 5, 1)]),
    );

    expect(found).toEqual({
      keysSeen: 1_205,
      keysTotal: 1_205,
      prefixes: [
        { prefix: '/registry/pods', keys: 300, bytes: 30_000, revisions: 900n },
        { prefix: '/registry/events', keys: 900, bytes: 9_000, revisions: 900n },
        { prefix: 'fill', keys: 5, bytes: 5, revisions: 5n },
      ],
    });
  });

  it('sees what stands behind a large directory, and reckons the large one from its part', async () => {
    const pages = store([...keysIn('/registry/events/a', 50_000, 10, 2n), ...keysIn('/registry/secrets/a', 100, 1_000)]);

    const found = await sample(pages);

    expect(found?.keysSeen).toBe(10_000);
    expect(found?.prefixes).toEqual([
      { prefix: '/registry/events', keys: 50_000, bytes: 500_000, revisions: 100_000n },
      { prefix: '/registry/secrets', keys: 100, bytes: 100_000, revisions: 100n },
    ]);
    expect(pages.reads).toHaveLength(21);
  });

  it('gives what is left to the directory of which least was seen', async () => {
    const pages = store([...keysIn('/a/small/x', 600, 1), ...keysIn('/b/large/x', 40_000, 1)], 6);

    await sample(pages);

    expect(pages.reads.slice(3).map((from) => from.slice(0, 9))).toEqual(['/b/large/', '/b/large/', '/b/large/']);
  });

  it('reckons with a directory that it could not jump over, without those in it', async () => {
    const found = await sample(store([...keysIn('fill', 30_000, 10), ...keysIn('fill/a', 1_000, 10)]));

    expect(found?.prefixes).toEqual([{ prefix: 'fill', keys: 31_000, bytes: 310_000, revisions: 31_000n }]);
  });

  it('stops at 32 MiB', async () => {
    const found = await sample(store(keysIn('/registry/secrets/a', 9_000, 1_000_000)));

    expect(found).toMatchObject({ keysSeen: 500, keysTotal: 9_000, prefixes: [{ keys: 9_000, bytes: 9_000_000_000 }] });
  });

  it('gives what it has when time is over', async () => {
    const found = await sample(store(keysIn('/registry/secrets/a', 9_000, 10), 1));

    expect(found).toMatchObject({ keysSeen: 500, keysTotal: 9_000 });
  });

  it('takes nothing for an answer of an empty store', async () => {
    expect(await sample(store([]))).toEqual({ keysSeen: 0, keysTotal: 0, prefixes: [] });
  });
});
