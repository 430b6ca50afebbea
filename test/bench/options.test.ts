/** The words after `npm run bench --`. */
import { describe, expect, it } from 'vitest';
import { optionsOf } from './options.ts';

describe('optionsOf', () => {
  it('measures everything at three sizes, five times, when nothing is said', () => {
    const { sizes, runs, etcd, network, keep, out } = optionsOf([]);

    expect({ sizes, runs, etcd, network, keep }).toEqual({ sizes: [1, 100, 1_000], runs: 5, etcd: '3.4', network: 'plain', keep: false });
    expect(out).toMatch(/\.cache\/bench\/etcd-3\.4$/);
  });

  it('takes some cases only, and keeps what is known of the others', () => {
    const { cases, keep } = optionsOf(['--only', 'restore,status']);

    expect(cases.map(({ id }) => id).toSorted()).toEqual(['restore', 'status']);
    expect(keep).toBe(true);
  });

  it.each([
    ['--only', 'restores'],
    ['--sizes', '1,x'],
    ['--runs', '0'],
    ['--etcd', '3.6'],
    ['--network', 'modem'],
  ])('answers %s %s with its usage', (option, value) => {
    expect(() => optionsOf([option, value])).toThrow('usage: npm run bench');
  });
});
