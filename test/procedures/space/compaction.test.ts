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
      if (third !== undefined && looks < 10) third.dbSizeInUseBytes *= 0.97;
      return look();
    };

    const settled = await pagesSettled(world);

    expect(settled.holds).toBe(true);
    expect(looks).toBe(10);
  });

  it('waits for a member that has not begun yet: the others, which hold the same, have much less in use', async () => {
    const world = fullWorld();
    const look = world.etcd.look.bind(world.etcd);
    let looks = 0;
    world.etcd.look = async () => {
      looks += 1;
      const [first, second, third] = dataOf(world);
      for (const data of [first, second]) if (data !== undefined) data.dbSizeInUseBytes = 10_000_000;
      if (third !== undefined && looks === 20) third.dbSizeInUseBytes = 14_000_000;
      return look();
    };

    const settled = await pagesSettled(world);

    expect(settled.holds).toBe(true);
    expect(looks).toBe(21);
  });

  it('takes members for settled that stay unlike', async () => {
    const world = fullWorld();
    const [first] = dataOf(world);
    if (first !== undefined) first.dbSizeInUseBytes = 10_000_000;

    expect(await pagesSettled(world)).toMatchObject({ holds: true });
  });

  it('does not take silence for the end', async () => {
    const world = fullWorld();
    const look = world.etcd.look.bind(world.etcd);
    world.etcd.look = async () => {
      const seen = await look();
      const silent = { answers: false, code: 'timeout', reason: 'no answer within 2 s' } as const;
      return { ...seen, endpoints: seen.endpoints.map(({ member, endpoint }) => ({ member, endpoint, ...silent })) };
    };

    expect(await pagesSettled(world)).toMatchObject({ holds: false, because: expect.stringContaining('No member answers') });
  });

  it('names the member that does not get there', async () => {
    const world = fullWorld();
    const look = world.etcd.look.bind(world.etcd);
    world.etcd.look = async () => {
      const [, second] = dataOf(world);
      if (second !== undefined) second.dbSizeInUseBytes -= 4_000_000;
      return look();
    };

    expect(await pagesSettled(world)).toEqual({ holds: false, because: 'etcd02 still removes what was compacted.' });
  });
});
