/** The whole front in a real (local) Slack over Socket Mode: words and questions, and what people are told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isOpsError } from '../../src/errors.ts';
import { deliverAnswer } from '../../src/slack/answers.ts';
import { channel, startWorkspace } from './front.ts';
import { until } from './local-slack.ts';

let workspace: Awaited<ReturnType<typeof startWorkspace>>;
let front: Awaited<ReturnType<typeof workspace.open>>;

beforeAll(async () => {
  workspace = await startWorkspace();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  front = await workspace.open();
});

afterEach(async () => {
  await front.app.stop();
  expect(front.errors).toEqual([]);
});

describe('the app', () => {
  it('knows its team, since when it is connected, and when it last heard something', async () => {
    expect(front.app.team()).toBe(workspace.slack.teamId);
    expect(front.app.connectedSince()).toEqual(front.clock.now());
    expect(front.app.lastEventAt()).toBeUndefined();

    await workspace.slack.command('U0ALICE', channel, 'help');
    await workspace.whispered('U0ALICE', /\/etcd/);

    expect(front.app.lastEventAt()).toEqual(front.clock.now());
  });

  it('refuses with a reason that only the person sees', async () => {
    await workspace.slack.command('U0MALLORY', channel, 'restore prod');

    const told = await workspace.whispered('U0MALLORY', /not an operator of prod/);

    expect(told.text).toContain('add U0MALLORY to clusters.prod.operators');
    expect(front.runs.calls).toEqual([]);
  });

  it('refuses in a channel that is not allowed', async () => {
    await workspace.slack.command('U0ALICE', 'C0RANDOM', 'restore prod');

    const told = await workspace.slack.message('C0RANDOM', ({ ephemeral_to: to }) => to === 'U0ALICE');

    expect(told.text).toMatch(/not taken in this channel.*add C0RANDOM \(#random\)/);
  });

  it('names the nearest right word', async () => {
    await workspace.slack.command('U0ALICE', channel, 'replace-membr prod etcd03');

    expect((await workspace.whispered('U0ALICE', /replace-membr/)).text).toContain('Did you mean `replace-member`?');
  });

  it('starts a run, from words as a phone writes them', async () => {
    await workspace.slack.command('U0ALICE', channel, 'Restore\u00a0prod \u2014plan');

    await workspace.whispered('U0ALICE', /^Planning restore-prod-/);

    expect(front.runs.calls[0]).toMatchObject({
      method: 'submit',
      args: [{ cluster: 'prod', mode: 'plan', requester: { user: 'U0ALICE', channel } }],
    });
  });

  it('passes a question on without a word; the answer comes into the channel', async () => {
    await workspace.slack.command('U0MALLORY', channel, 'status prod');
    await until(
      () => front.runs.calls.length > 0,
      5_000,
      () => 'nothing was asked',
    );
    const [query] = (front.runs.calls[0]?.args ?? []) as [Parameters<typeof deliverAnswer>[1]];

    await deliverAnswer(front.thread, query, { state: 'answered', answer: { headline: 'prod: 3 of 3 members answer.', parts: [] } });

    const answer = await workspace.slack.message(channel, ({ text }) => text.startsWith('prod: 3 of 3'));
    expect(answer.ephemeral_to).toBeUndefined();
    expect(JSON.stringify(answer.blocks)).toContain('status prod, asked by mallory');
  });

  it('says so when Redis does not answer', async () => {
    front.runs.fall();

    await workspace.slack.command('U0ALICE', channel, 'restore prod');

    expect((await workspace.whispered('U0ALICE', /Redis does not answer/)).text).toContain('Nothing was started');
  });

  it('shows the Home tab', async () => {
    await workspace.slack.openHome('U0ALICE');

    const published = async () => (await workspace.slack.calls()).find(({ method }) => method === 'views.publish');
    await until(
      async () => (await published()) !== undefined,
      5_000,
      () => 'no Home tab',
    );
    expect(JSON.stringify(await published())).toContain('/etcd clusters');
  });

  it('makes it known when an answer does not get through, and goes on', async () => {
    workspace.proxy.decide((method) => (method === 'chat.postEphemeral' ? { status: 500, body: {} } : 'pass on'));

    await workspace.slack.command('U0ALICE', channel, 'whoami');
    await until(
      () => front.errors.length > 0,
      5_000,
      () => 'nothing was said',
    );

    expect(isOpsError(front.errors.pop(), 'SLACK_UNREACHABLE')).toBe(true);
    workspace.proxy.decide(() => 'pass on');
    await workspace.slack.command('U0ALICE', channel, 'whoami');
    await workspace.whispered('U0ALICE', /You are U0ALICE/);
  });
});
