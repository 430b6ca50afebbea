/** The connection: it comes back by itself, and over HTTP only what Slack has signed is believed. */
import { describe, expect, it } from 'vitest';
import type { Desk } from '../../src/commands/desk.ts';
import { refused } from '../../src/commands/reply.ts';
import { createSlack } from '../../src/slack/app.ts';
import type { SlackMode } from '../../src/slack/app.ts';
import { createClients } from '../../src/slack/clients.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { keepBot } from '../../src/wiring/slack-roles.ts';
import { silent } from '../queue/bench.ts';
import { memorySeen } from './fakes.ts';
import { freePort, startLocalSlack, until } from './local-slack.ts';
import type { LocalSlack } from './local-slack.ts';

const workspace = { users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }] };
/** Between its attempts it waits one second, two, four … */
const comesBackWithinMs = 30_000;

function frontOf(slack: LocalSlack, mode: SlackMode) {
  const taken: unknown[] = [];
  const desk: Desk = {
    take: async ({ words }) => {
      taken.push(words);
      return refused('INPUT_INVALID', `heard ${String(words)}`, '');
    },
    click: () => Promise.reject(new Error('nobody clicks here')),
  };
  const { arrival: client } = createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl });
  const app = createSlack({
    mode,
    botToken: slack.botToken,
    slackApiUrl: slack.apiUrl,
    desk,
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
  return { app, taken };
}

describe('the connection', () => {
  it('comes back by itself when Slack was away', async () => {
    let slack = await startLocalSlack(workspace);
    // Short, so that it soon tries again; longer than a stall, over which it would close a connection that is sound.
    const clientPingTimeoutMs = 2_000;
    const { app } = frontOf(slack, { kind: 'socket', appToken: slack.appToken, clientPingTimeoutMs });
    const kept = keepBot({ bot: app, clock: systemClock, log: silent });
    try {
      await kept.up;
      await slack.stop();
      await until(
        () => app.connectedSince() === undefined,
        comesBackWithinMs,
        () => 'it did not notice',
      );

      slack = await startLocalSlack({ ...workspace, port: Number(new URL(slack.apiUrl).port) });
      await until(
        () => app.connectedSince() !== undefined,
        comesBackWithinMs,
        () => 'it did not come back',
      );

      await slack.command('U0ALICE', 'C0INCIDENT', 'hello');
      expect((await slack.message('C0INCIDENT', ({ text }) => text.includes('heard'))).text).toContain('heard hello');
    } finally {
      await kept.stop();
      await slack.stop();
    }
  }, 120_000);

  it.each([
    ['takes what is signed', 'the-secret', ['hello']],
    ['does not take what is signed with another secret', 'another-secret', []],
  ])('over HTTP %s', async (_what, secret, expected) => {
    const port = await freePort();
    const slack = await startLocalSlack({
      ...workspace,
      http: { requestUrl: `http://localhost:${port}/slack/events`, signingSecret: 'the-secret' },
    });
    const { app, taken } = frontOf(slack, { kind: 'http', signingSecret: secret, port });
    try {
      await app.start();

      await slack.command('U0ALICE', 'C0INCIDENT', 'hello');

      await until(
        () => taken.length === expected.length,
        comesBackWithinMs,
        () => 'nothing was heard',
      );
      expect(taken).toEqual(expected);
    } finally {
      await app.stop();
      await slack.stop();
    }
  });

  it('says what is wrong with the tokens at the start', async () => {
    const slack = await startLocalSlack(workspace);
    await slack.stop();
    const { app } = frontOf(slack, { kind: 'socket', appToken: slack.appToken });

    await expect(app.start()).rejects.toMatchObject({ code: 'SLACK_UNREACHABLE' });
  });
});
