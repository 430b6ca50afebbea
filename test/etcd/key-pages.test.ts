import { describe, expect, it } from 'vitest';
import { nextPageKeys } from '../../src/etcd/key-pages.ts';

const page = (keys: number, bytes: number) => ({
  keys: Array.from({ length: keys }, () => ({ key: 'k', bytes, version: 1n })),
  more: true,
});

describe('key-pages', () => {
  it.each([
    ['grow fourfold while values are small', 8, 100, 32],
    ['stop at 500 keys', 400, 10, 500],
    ['shrink to what fits into 1 MiB', 100, 100_000, 10],
    ['hold one key at least', 8, 3_000_000, 1],
  ])('%s', (_, keys, bytes, next) => {
    expect(nextPageKeys(keys, page(keys, bytes))).toBe(next);
  });
});
