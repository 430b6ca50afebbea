/** A bot that stops: what Slack was told has arrived is still handled. */
import { describe, expect, it } from 'vitest';
import { refused } from '../../src/commands/reply.ts';
import { createSlack } from '../../src/slack/app.ts';
import { createClients } from '../../src/slack/clients.ts';
import { memorySeen } from './fakes.ts';
import { startLocalSlack, until } from './local-slack.ts';

const limitMs = 10_000;

describe('a bot that stops', () => {
  it('while it looks up the channel of a word still takes that word', async () => {
    const slack = await startLocalSlack({ users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }] });
    const { arrival: client } = createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl });
    const looking = Promise.withResolvers<string>();
    const seen = { looks: 0, words: [] as unknown[] };
    const app = createSlack({
      mode: { kind: 'socket', appToken: slack.appToken },
      botToken: slack.botToken,
      slackApiUrl: slack.apiUrl,
      desk: {
        take: async ({ words }) => {
          seen.words.push(words);
          return refused('INPUT_INVALID', 'heard', '');
        },
        click: () => Promise.reject(new Error('nobody clicks here')),
      },
      clusters: {},
      state: { runAt: async () => undefined, get: async () => undefined },
      seen: memorySeen(),
      names: { of: async () => new Map() },
      channelNames: () => {
        seen.looks += 1;
        return looking.promise;
      },
      client,
      requestRender: () => undefined,
      clock: { now: () => new Date() },
      onError: () => undefined,
    });
    await app.start();
    await slack.command('U0ALICE', 'C0INCIDENT', 'abort restore-prod-7f3a9c');
    await until(
      () => seen.looks === 1,
      limitMs,
      () => 'the word did not arrive',
    );

    const stopped = app.stop().then(() => [...seen.words]);
    await until(
      () => app.connectedSince() === undefined,
      limitMs,
      () => 'it did not begin to stop',
    );
    // The way out of Slack is closed by now; the word is not.
    setImmediate(() => looking.resolve('inc-etcd'));

    expect(await stopped).toEqual(['abort restore-prod-7f3a9c']);
    await slack.stop();
  });
});
