/** The checkup as a terminal shows it. */
import { expect, it } from 'vitest';
import { saying } from '../../src/checkup/check.ts';
import { checkupJson, checkupLines } from '../../src/terminal/checkup-text.ts';

const { good, wrong, worthALook, notLookedAt } = saying('etcd01');
const parts = [
  { cluster: undefined, checks: [saying('Redis').notLookedAt('redis', 'REDIS_URL is not set here.', 'Set it.')] },
  {
    cluster: 'prod',
    checks: [
      good('ssh', 'It answers.'),
      worthALook('clock', 'Its clock is off.'),
      wrong('ports', 'It gives no answer.', 'Let the bot through.'),
    ],
  },
];

it('shows a line for each thing in columns, its cure below, and the sum', () => {
  expect(checkupLines(parts)).toEqual([
    '?      Redis   redis  REDIS_URL is not set here.',
    '                      -> Set it.',
    '',
    'prod',
    'good   etcd01  ssh    It answers.',
    'LOOK   etcd01  clock  Its clock is off.',
    'WRONG  etcd01  ports  It gives no answer.',
    '                      -> Let the bot through.',
    '',
    '1 wrong; 1 worth a look, 1 not looked at, 1 good.',
  ]);
  expect(checkupLines([{ cluster: 'prod', checks: [notLookedAt('a', 'Dark.')] }]).at(-1)).toBe('Nothing is wrong; 1 not looked at.');
});

it('is one object for programs', () => {
  expect(checkupJson(parts)).toEqual({
    kind: 'checkup',
    wrong: 1,
    checks: [
      { id: 'redis', about: 'Redis', grade: 'not looked at', sentence: 'REDIS_URL is not set here.', cure: 'Set it.' },
      { cluster: 'prod', id: 'ssh', about: 'etcd01', grade: 'good', sentence: 'It answers.' },
      { cluster: 'prod', id: 'clock', about: 'etcd01', grade: 'worth a look', sentence: 'Its clock is off.' },
      {
        cluster: 'prod',
        id: 'ports',
        about: 'etcd01',
        grade: 'wrong',
        sentence: 'It gives no answer.',
        cure: 'Let the bot through.',
      },
    ],
  });
});
