/** The way to Slack with a fault in it: what passes, what fails, and that the socket comes back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refused } from '../../src/commands/reply.ts';
import { createSlack } from '../../src/slack/app.ts';
import { createClients } from '../../src/slack/clients.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { keepBot } from '../../src/wiring/slack-roles.ts';
import { silent } from '../queue/bench.ts';
import { memorySeen } from '../slack/fakes.ts';
import { startLocalSlack, until } from '../slack/local-slack.ts';
import type { LocalSlack } from '../slack/local-slack.ts';
import { startSlackFault } from './slack-fault.ts';
import type { SlackFault } from './slack-fault.ts';

const limitMs = 20_000;
let slack: LocalSlack;
let fault: SlackFault;
beforeEach(async () => {
  slack = await startLocalSlack({ users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }] });
  fault = await startSlackFault(slack.apiUrl);
});
afterEach(async () => {
  await fault.stop();
  await slack.stop();
});

describe('a fault on the way to Slack', () => {
  it('cuts the socket too, which comes back by itself when the way is well again', async () => {
    const heard: unknown[] = [];
    const { arrival: client } = createClients({ token: slack.botToken, slackApiUrl: fault.apiUrl });
    const app = createSlack({
      mode: { kind: 'socket', appToken: slack.appToken },
      botToken: slack.botToken,
      slackApiUrl: fault.apiUrl,
      desk: {
        take: async ({ words }) => {
          heard.push(words);
          return refused('INPUT_INVALID', 'heard', '');
        },
        click: () => Promise.reject(new Error('nobody clicks here')),
      },
      clusters: {},
      state: { runAt: async () => undefined, get: async () => undefined },
      seen: memorySeen(),
      names: { of: async () => new Map() },
      channelNames: async () => 'inc-etcd',
      client,
      requestRender: () => undefined,
      clock: { now: () => new Date() },
      onError: () => undefined,
    });
    const isConnected = (wanted: boolean) =>
      until(
        () => (app.connectedSince() !== undefined) === wanted,
        limitMs,
        () => `it is ${wanted ? 'not' : 'still'} connected`,
      );
    const kept = keepBot({ bot: app, clock: systemClock, log: silent });
    await isConnected(true);

    fault.behave('cut');
    await isConnected(false);
    fault.behave('well');
    await isConnected(true);
    await slack.command('U0ALICE', 'C0INCIDENT', 'hello');
    await until(
      () => heard.length > 0,
      limitMs,
      () => 'nothing was heard',
    );

    expect(heard).toEqual(['hello']);
    await kept.stop();
  });

  it.each([
    ['limited', { status: 429 }],
    ['failing', { status: 500 }],
  ] as const)('answers as a Slack that is %s', async (behaviour, expected) => {
    fault.behave(behaviour);

    expect(await fetch(`${fault.apiUrl}auth.test`, { method: 'POST' })).toMatchObject(expected);
  });
});
