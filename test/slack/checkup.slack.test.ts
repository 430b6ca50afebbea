/** What doctor asks of Slack, of a real (local) one: it posts nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookAtSlack } from '../../src/slack/checkup.ts';
import { createClients } from '../../src/slack/clients.ts';
import { createGroups } from '../../src/slack/groups.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { channel } from './front.ts';
import { startLocalSlack } from './local-slack.ts';
import type { LocalSlack } from './local-slack.ts';

describe('a look at Slack', () => {
  let slack: LocalSlack;
  beforeAll(async () => {
    slack = await startLocalSlack({ users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: channel, name: 'inc-etcd' }] });
  });
  afterAll(async () => slack?.stop());

  const look = async (slackApiUrl = slack.apiUrl) => {
    const { arrival: client } = createClients({ token: slack.botToken, slackApiUrl });
    const { arrival: app } = createClients({ token: slack.appToken, slackApiUrl });
    const named = { channels: [channel, 'C0NOSUCH', '#inc-etcd', '#inc-*', '#other'], groups: ['S0ONCALL'] };
    return await lookAtSlack({ client, app, groups: createGroups({ client, clock: systemClock }), named });
  };

  it('says who the bot is, that Socket Mode opens, and in which channels it is', async () => {
    const { bot, appToken, channels, groups } = await look();

    expect(bot).toMatchObject({ answers: true });
    expect(appToken).toEqual({ works: true });
    expect(channels.map(({ named, state }) => [named, state])).toEqual([
      [channel, 'in it'],
      ['C0NOSUCH', 'no such channel'],
      ['#inc-etcd', 'in it'],
      ['#inc-*', 'in it'],
      ['#other', 'not in it'],
    ]);
    // That server knows no user groups: what Slack refuses is said, and is not good.
    expect(groups).toMatchObject([{ named: 'S0ONCALL', state: 'not known' }]);
  });

  it('says no more than that Slack does not answer', async () => {
    expect(await look('http://127.0.0.1:1/api/')).toMatchObject({ bot: { answers: false }, channels: [], groups: [] });
  });
});
