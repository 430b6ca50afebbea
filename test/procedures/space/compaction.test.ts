import { describe, expect, it } from 'vitest';
import { compactTarget, pagesSettled } from '../../../src/procedures/space/compaction.ts';
import { dataOf, fullWorld } from '../full-world.ts';

describe('compactTarget', () => {
  it.each([
    [1_000_000n, undefined, 999_000n],
    [10_000n, undefined, 9_000n],
    [200n, undefined, 180n],
    [9n, undefined, 8n],
    [1n, undefined, 0n],
    [200n, 1n, 199n],
    [200n, 500n, 0n],
  ])('of head %s with %s kept is %s', (head, keep, target) => {
    expect(compactTarget(head, keep)).toBe(target);
  });
});

describe('pagesSettled', () => {
  it('waits until no member’s size in use falls any more', async () => {
    const world = fullWorld();
    const look = world.etcd.look.bind(world.etcd);
    let looks = 0;
    world.etcd.look = async () => {
      looks += 1;
      const [, , third] = dataOf(world);
      if (third !== undefined && looks < 10) third.dbSizeInUseBytes *= 0.9;
      return look();
    };

    const settled = await pagesSettled(world);

    expect(settled.holds).toBe(true);
    expect(looks).toBe(10);
  });

  it('names the member that does not get there', async () => {
    const world = fullWorld();
    const look = world.etcd.look.bind(world.etcd);
    world.etcd.look = async () => {
      const [, second] = dataOf(world);
      if (second !== undefined) second.dbSizeInUseBytes *= 0.9;
      return look();
    };

    expect(await pagesSettled(world)).toEqual({ holds: false, because: 'etcd02 still removes what was compacted.' });
  });
});
