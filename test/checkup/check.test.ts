/** Checks become findings for procedures, and counts for people. */
import { describe, expect, it } from 'vitest';
import { findingOf, inCluster, saying, tally } from '../../src/checkup/check.ts';

const { good, wrong, worthALook, notLookedAt } = saying('etcd01');
const all = [good('a', 'Fine.'), worthALook('b', 'Odd.', 'Look.'), notLookedAt('c', 'Dark.'), wrong('d', 'Bad.', 'Run `kit <cluster>`.')];

describe('what keeps a procedure from its gate', () => {
  it('is what is wrong, with its cure', () => {
    expect(findingOf(all)).toEqual({ holds: false, because: 'etcd01: Bad. Run `kit <cluster>`.' });
  });

  it('is nothing that is only worth a look, which becomes a remark, or that could not be looked at', () => {
    expect(findingOf(all.slice(0, 3))).toEqual({ holds: true, note: 'etcd01: Odd.' });
    expect(findingOf([notLookedAt('c', 'Dark.')])).toEqual({ holds: true });
  });
});

it('counts what was not looked at apart from what is good', () => {
  expect(tally(all)).toEqual({ good: 1, 'worth a look': 1, wrong: 1, 'not looked at': 1 });
});

it('puts the name of the cluster into commands to type', () => {
  expect(inCluster('prod', all).map(({ cure }) => cure)).toEqual([undefined, 'Look.', undefined, 'Run `kit prod`.']);
});
