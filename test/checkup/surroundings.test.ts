/** What is judged of Redis and of Slack. */
import { describe, expect, it } from 'vitest';
import { redisChecks } from '../../src/checkup/redis.ts';
import { slackChecks } from '../../src/checkup/slack.ts';
import type { SlackSeen } from '../../src/checkup/slack.ts';

describe('Redis', () => {
  const well = { version: '7.2.4', policy: 'noeviction', appendOnly: true, minimum: '5.0.0', recommended: '6.2.0' };
  it.each([
    ['that is well', {}, { version: 'good', eviction: 'good', persistence: 'good' }],
    ['that is too old', { version: '4.0.14' }, { version: 'wrong' }],
    ['that is older than is asked for', { version: '6.0.16' }, { version: 'worth a look' }],
    ['10 is newer than 6', { version: '10.0.0' }, { version: 'good' }],
    ['that does not say its version', { version: undefined }, { version: 'not looked at' }],
    ['that evicts', { policy: 'allkeys-lru' }, { eviction: 'wrong' }],
    ['without an append-only file', { appendOnly: false }, { persistence: 'wrong' }],
  ])('%s', (_, change, expected) => {
    expect(Object.fromEntries(redisChecks({ ...well, ...change }).map(({ id, grade }) => [id, grade]))).toMatchObject(expected);
  });
});

describe('Slack', () => {
  const wanted = ['commands', 'chat:write'];
  const well: SlackSeen = {
    bot: { answers: true, team: 'acme', scopes: wanted },
    appToken: { works: true },
    channels: [{ named: 'C0INC', state: 'in it' }],
    groups: [{ named: 'S0ONCALL', state: 'has people', people: 3 }],
  };
  const lines = (change: Partial<SlackSeen>) =>
    slackChecks({ ...well, ...change }, wanted).map(({ id, grade, sentence }) => `${id}: ${grade}: ${sentence}`);

  it('that is well', () => {
    expect(lines({})).toEqual([
      'token: good: The bot is in acme.',
      'scopes: good: The token has the scopes of manifest.yml.',
      'app token: good: Socket Mode can be opened.',
      'channels: good: The bot is in C0INC.',
      'groups: good: 3 people in the user group S0ONCALL.',
    ]);
  });

  it.each<readonly [string, Partial<SlackSeen>, string]>([
    [
      'that refuses the token says nothing else',
      { bot: { answers: false, because: 'Slack refused (invalid_auth).' } },
      'token: wrong: Slack refused (invalid_auth).',
    ],
    ['lacks a scope', { bot: { answers: true, team: 'acme', scopes: ['commands'] } }, 'scopes: wrong: The token lacks chat:write.'],
    [
      'does not say the scopes',
      { bot: { answers: true, team: 'acme', scopes: undefined } },
      'scopes: not looked at: Slack did not say which scopes the token has.',
    ],
    ['without an app token here', { appToken: undefined }, 'app token: not looked at: This process has no SLACK_APP_TOKEN.'],
    ['not in a channel', { channels: [{ named: '#incidents', state: 'not in it' }] }, 'channels: wrong: The bot is not in #incidents.'],
    [
      'in no channel of a prefix, which come and go',
      { channels: [{ named: '#inc-*', state: 'not in it' }] },
      'channels: worth a look: The bot is in no channel #inc-* now.',
    ],
    ['a channel that is archived', { channels: [{ named: 'C0OLD', state: 'archived' }] }, 'channels: wrong: C0OLD is archived.'],
    [
      'a channel that is none',
      { channels: [{ named: 'C0NONE', state: 'no such channel' }] },
      'channels: wrong: There is no channel C0NONE that the bot can see.',
    ],
    [
      'a channel that could not be asked for',
      { channels: [{ named: 'C0X', state: 'not known', because: 'Slack did not answer.' }] },
      'channels: not looked at: C0X: Slack did not answer.',
    ],
    [
      'a group with nobody in it',
      { groups: [{ named: 'S0EMPTY', state: 'empty' }] },
      'groups: wrong: Nobody is in the user group S0EMPTY.',
    ],
  ])('%s', (_, change, line) => {
    expect(lines(change)).toContain(line);
  });
});
