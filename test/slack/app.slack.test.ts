/** The whole front in a real (local) Slack over Socket Mode: words, mentions and clicks, and what people are told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import { viewOf } from '../../src/engine/view.ts';
import { isOpsError } from '../../src/errors.ts';
import type { RunId } from '../../src/ids.ts';
import { deliverAnswer } from '../../src/slack/answers.ts';
import { createSlack } from '../../src/slack/app.ts';
import type { Slack } from '../../src/slack/app.ts';
import { createChannelNames } from '../../src/slack/channel-names.ts';
import { createClients } from '../../src/slack/clients.ts';
import { createGroups } from '../../src/slack/groups.ts';
import { createNames } from '../../src/slack/names.ts';
import { renderRun } from '../../src/slack/thread.ts';
import { clusters as known, verbs } from '../commands/verbs.ts';
import { fakeClock, fakeRuns, gate, journalOf, memoryThreadState, request } from './fakes.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { startLocalSlack, until } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';
import { approved, waiting } from './story.ts';

const channel = 'C0INCIDENT';
const run = request().runId;
let slack: LocalSlack;
let proxy: FaultProxy;
let front: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  slack = await startLocalSlack({
    users: ['alice', 'bob', 'carol', 'mallory'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [
      { id: channel, name: 'inc-etcd' },
      { id: 'C0RANDOM', name: 'random' },
    ],
  });
  proxy = await startFaultProxy(slack.apiUrl);
});

afterAll(async () => {
  await proxy.stop();
  await slack.stop();
});

beforeEach(async () => {
  proxy.decide((method) => (method === 'usergroups.users.list' ? { body: { ok: true, users: ['U0CAROL'] } } : 'pass on'));
  front = await open();
});

afterEach(async () => {
  await front.app.stop();
  expect(front.errors).toEqual([]);
});

async function open() {
  const clock = fakeClock('2026-11-22T03:20:00.000Z');
  const clients = createClients({ token: slack.botToken, slackApiUrl: proxy.apiUrl });
  const lists = { channels: ['#inc-*'], operators: ['U0ALICE'], approvers: ['U0BOB', 'S0SRE'] };
  const clusters = { prod: { ...lists, members: known.prod.members } } as never;
  const runs = fakeRuns();
  const state = memoryThreadState();
  const names = createNames({ client: clients.arrival, clock });
  const errors: unknown[] = [];
  const rendered: RunId[] = [];
  const running: { app?: Slack } = {};
  const permissions = createAccess({
    clusters,
    groups: createGroups({ client: clients.arrival, clock }),
    homeTeam: () => running.app?.team(),
  });
  const desk = createDesk({ verbs, clusters, permissions, runs: runs.runs, clock });
  const thread = { clients, state, clusters, names, decisions: runs.decisions, clock };
  const render = async (events: Parameters<typeof journalOf>[0]) => {
    runs.put(request(), journalOf(events));
    clock.forward(2_000);
    await renderRun(thread, viewOf(request(), journalOf(events)), journalOf(events));
  };
  const app = createSlack({
    mode: { kind: 'socket', appToken: slack.appToken },
    botToken: slack.botToken,
    slackApiUrl: proxy.apiUrl,
    desk,
    clusters,
    state,
    names,
    channelNames: createChannelNames({ client: clients.arrival, clock }),
    client: clients.arrival,
    requestRender: (one) => rendered.push(one),
    clock,
    onError: (error) => errors.push(error),
  });
  running.app = app;
  await app.start();
  return { app, runs, state, errors, rendered, render, thread, clock };
}

async function whispered(to: string, text: RegExp): Promise<LocalMessage> {
  return slack.message(channel, (message) => message.ephemeral_to === to && text.test(message.text));
}

async function card(): Promise<LocalMessage> {
  const posted = (await front.state.get(run))?.replies;
  const { ts } = Object.entries(posted ?? {}).find(([key]) => key.startsWith('gate:'))?.[1] ?? { ts: '' };
  return slack.message(channel, (message) => message.ts === ts);
}

describe('the app', () => {
  it('knows its team, since when it is connected, and when it last heard something', async () => {
    expect(front.app.team()).toBe(slack.teamId);
    expect(front.app.connectedSince()).toEqual(front.clock.now());
    expect(front.app.lastEventAt()).toBeUndefined();

    await slack.command('U0ALICE', channel, 'help');
    await whispered('U0ALICE', /\/etcd/);

    expect(front.app.lastEventAt()).toEqual(front.clock.now());
  });

  it('refuses with a reason that only the person sees', async () => {
    await slack.command('U0MALLORY', channel, 'restore prod');

    const told = await whispered('U0MALLORY', /not an operator of prod/);

    expect(told.text).toContain('add U0MALLORY to clusters.prod.operators');
    expect(front.runs.calls).toEqual([]);
  });

  it('refuses in a channel that is not allowed', async () => {
    await slack.command('U0ALICE', 'C0RANDOM', 'restore prod');

    const told = await slack.message('C0RANDOM', ({ ephemeral_to: to }) => to === 'U0ALICE');

    expect(told.text).toMatch(/not taken in this channel.*add C0RANDOM \(#random\)/);
  });

  it('names the nearest right word', async () => {
    await slack.command('U0ALICE', channel, 'replace-membr prod etcd03');

    expect((await whispered('U0ALICE', /replace-membr/)).text).toContain('Did you mean `replace-member`?');
  });

  it('starts a run, from words as a phone writes them', async () => {
    await slack.command('U0ALICE', channel, 'Restore\u00a0prod \u2014plan');

    await whispered('U0ALICE', /^Planning restore-prod-/);

    expect(front.runs.calls[0]).toMatchObject({
      method: 'submit',
      args: [{ cluster: 'prod', mode: 'plan', requester: { user: 'U0ALICE', channel } }],
    });
  });

  it('passes a question on without a word; the answer comes into the channel', async () => {
    await slack.command('U0MALLORY', channel, 'status prod');
    await until(
      () => front.runs.calls.length > 0,
      5_000,
      () => 'nothing was asked',
    );
    const [query] = (front.runs.calls[0]?.args ?? []) as [Parameters<typeof deliverAnswer>[1]];

    await deliverAnswer(front.thread, query, { state: 'answered', answer: { headline: 'prod: 3 of 3 members answer.', parts: [] } });

    const answer = await slack.message(channel, ({ text }) => text.startsWith('prod: 3 of 3'));
    expect(answer.ephemeral_to).toBeUndefined();
    expect(JSON.stringify(answer.blocks)).toContain('status prod, asked by mallory');
  });

  it('understands a mention in a thread, where the run need not be named', async () => {
    await front.render(waiting);
    const root = (await front.state.get(run))?.root.ts ?? '';

    await slack.say('U0BOB', channel, `<@${slack.botUserId}> approve`, root);

    await whispered('U0BOB', /Your approval of restore-prod-7f3a9c is recorded\. 1 more/);
    expect(await front.runs.decisions.at(gate().gateId)).toMatchObject([{ by: 'U0BOB', verdict: 'approve' }]);
    expect(front.rendered).toEqual([run]);
  });

  it('has the card rendered anew when somebody approves by typing', async () => {
    await front.render(waiting);

    await slack.command('U0BOB', channel, `approve ${run}`);

    await whispered('U0BOB', /Your approval of .* is recorded/);
    expect(front.rendered).toEqual([run]);
  });

  it('takes an approval by button, and the card shows the outcome', async () => {
    await front.render(waiting);

    await slack.click('U0BOB', channel, (await card()).ts, 'gate.approve');
    await whispered('U0BOB', /Your approval of .* is recorded/);
    await slack.click('U0CAROL', channel, (await card()).ts, 'gate.approve');
    await whispered('U0CAROL', /Your approval of .* is recorded\.$/);
    await front.render(approved);

    expect((await front.runs.decisions.at(gate().gateId)).map(({ by }) => by)).toEqual(['U0BOB', 'U0CAROL']);
    expect((await card()).text).toMatch(/^Approved/);
  });

  it.each([
    ['the requester', 'U0ALICE', /somebody else has to approve it/],
    ['who is no approver', 'U0MALLORY', /may not approve on prod/],
  ])('does not take an approval of %s, and says who may', async (_who, user, words) => {
    await front.render(waiting);

    await slack.click(user, channel, (await card()).ts, 'gate.approve');

    expect((await whispered(user, words)).text).toContain('Approvers: U0BOB, S0SRE');
    expect(await front.runs.decisions.at(gate().gateId)).toEqual([]);
  });

  it('takes a double click once', async () => {
    await front.render(waiting);
    const { ts } = await card();

    await Promise.all([slack.click('U0BOB', channel, ts, 'gate.approve'), slack.click('U0BOB', channel, ts, 'gate.approve')]);

    await whispered('U0BOB', /already said “approve”/);
    expect(await front.runs.decisions.at(gate().gateId)).toHaveLength(1);
  });

  it('tells the truth about a card that is out of date, and has it rendered anew', async () => {
    await front.render(waiting);
    const { ts } = await card();
    front.runs.put(request(), journalOf(approved));

    await slack.click('U0BOB', channel, ts, 'gate.approve');

    await whispered('U0BOB', /settled before your click; nothing was recorded/);
    expect(front.rendered).toContain(run);
  });

  it('refuses an approval when the group cannot be read', async () => {
    proxy.decide((method) => (method === 'usergroups.users.list' ? { status: 500, body: {} } : 'pass on'));
    await front.render(waiting);

    await slack.click('U0CAROL', channel, (await card()).ts, 'gate.approve');

    await whispered('U0CAROL', /S0SRE could not be read/);
    expect(await front.runs.decisions.at(gate().gateId)).toEqual([]);
  });

  it('answers a button that is not known', async () => {
    await front.render(waiting);

    await slack.interact('U0BOB', channel, (await card()).ts, { type: 'button', action_id: 'something.else', block_id: 'b', value: 'x' });
    expect((await whispered('U0BOB', /not one that is known/)).text).toContain('nothing was done');
    await slack.interact('U0CAROL', channel, (await card()).ts, {
      type: 'button',
      action_id: 'gate.approve',
      block_id: 'b',
      value: '{"gateId":7}',
    });
    expect((await whispered('U0CAROL', /not one that is known/)).text).toContain('nothing was done');
    expect(front.runs.calls).toEqual([]);
  });

  it('says so when Redis does not answer', async () => {
    front.runs.fall();

    await slack.command('U0ALICE', channel, 'restore prod');

    expect((await whispered('U0ALICE', /Redis does not answer/)).text).toContain('Nothing was started');
  });

  it('shows the Home tab', async () => {
    await slack.openHome('U0ALICE');

    const published = async () => (await slack.calls()).find(({ method }) => method === 'views.publish');
    await until(
      async () => (await published()) !== undefined,
      5_000,
      () => 'no Home tab',
    );
    expect(JSON.stringify(await published())).toContain('/etcd clusters');
  });

  it('makes it known when an answer does not get through, and goes on', async () => {
    proxy.decide((method) => (method === 'chat.postEphemeral' ? { status: 500, body: {} } : 'pass on'));

    await slack.command('U0ALICE', channel, 'whoami');
    await until(
      () => front.errors.length > 0,
      5_000,
      () => 'nothing was said',
    );

    expect(isOpsError(front.errors.pop(), 'SLACK_UNREACHABLE')).toBe(true);
    proxy.decide(() => 'pass on');
    await slack.command('U0ALICE', channel, 'whoami');
    await whispered('U0ALICE', /You are U0ALICE/);
  });
});
