/** What a person types for an operation, and back again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvedFor, Operation, typed, untyped } from '../../src/host/operation.ts';

const plainWord = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
const argv = fc
  .tuple(fc.stringMatching(/^[a-z/][a-z0-9/_-]{0,12}$/), fc.array(plainWord, { maxLength: 6 }))
  .map(([first, rest]) => [first, ...rest]);
const account = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,10}$/);

describe('an operation', () => {
  it('comes back from what a person types as it was, whoever does it', () => {
    fc.assert(
      fc.property(argv, fc.constantFrom('root' as const, 'etcd' as const), account, account, (words, as, user, group) => {
        const operation = Operation.parse({ argv: words, as, user, group, changes: true });
        expect(untyped(typed(operation))).toEqual(words);
      }),
    );
  });

  it('of sudo itself and of its options come back too', () => {
    for (const words of [
      ['sudo', '-u', 'etcd', '-g', 'etcd', 'x'],
      ['x', '-u', 'a', '-g', 'b'],
    ]) {
      expect(untyped(typed({ argv: words as [string], as: 'root', user: undefined, group: undefined }))).toEqual(words);
    }
  });

  it('is typed with sudo for root, and for etcd where that is root, else as the account', () => {
    const of = (as: 'root' | 'etcd', user: string) => typed({ argv: ['ls'], as, user, group: user }).join(' ');

    expect([of('root', 'etcd'), of('etcd', 'root'), of('etcd', 'etcd')]).toEqual(['sudo ls', 'sudo ls', 'sudo -u etcd -g etcd ls']);
  });

  it.each([
    ['an option in the place of the program', { argv: ['-u', 'root'] }],
    ['no words', { argv: [] }],
    ['a word that runs the other way', { argv: ['rm', 'a\u202Eb'] }],
    ['a line break', { argv: ['rm', 'a\nb'] }],
    ['an escape sequence', { argv: ['rm', '\u001B[8m/'] }],
    ['an account with an option', { as: 'etcd', user: '-i' }],
    ['etcd without an account', { as: 'etcd', user: null }],
  ])('is none with %s', (_, changes) => {
    expect(Operation.safeParse({ argv: ['rm', 'x'], as: 'root', user: 'etcd', group: 'etcd', changes: true, ...changes }).success).toBe(
      false,
    );
  });
});

it('an approval gives a host its own commands, and nothing that is not of its program', () => {
  const plan = [
    { on: 'etcd01', argv: ['sudo', 'systemctl', 'stop', 'etcd'] },
    { on: 'etcd02', argv: ['sudo', 'systemctl', 'stop', 'etcd'] },
    { on: 'bot', argv: ['etcdctl', 'member', 'list'] },
    { on: 'etcd01', argv: ['sudo', '-u', 'etcd', '-g', 'etcd', 'mv', '-nT', 'a', 'b'] },
    { on: 'etcd01', argv: ['etcdctl', 'defrag'] },
    { on: 'etcd01', argv: ['sudo', '-i'] },
  ];

  expect(approvedFor('etcd01', plan)).toEqual([
    ['systemctl', 'stop', 'etcd'],
    ['mv', '-nT', 'a', 'b'],
  ]);
});
