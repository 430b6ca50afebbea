/** A run as it appears in a real (local) Slack: posted once, edited in place, and complete after every fault. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Decision, JournalEvent } from '../../src/engine/journal.ts';
import { viewOf } from '../../src/engine/view.ts';
import { UserId, newRunId, ClusterName } from '../../src/ids.ts';
import { arrivalTimeoutMs, createClients } from '../../src/slack/clients.ts';
import { createNames } from '../../src/slack/names.ts';
import { renderRun } from '../../src/slack/thread.ts';
import type { ThreadDeps } from '../../src/slack/thread.ts';
import { fakeClock, gate, journalOf, memoryThreadState, request } from './fakes.ts';
import { rateLimited, refusal, startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { buttonsOf, startLocalSlack } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';
import { approved, begun, ended, failed, waiting } from './story.ts';

let slack: LocalSlack;
let proxy: FaultProxy;

beforeAll(async () => {
  slack = await startLocalSlack({
    users: ['alice', 'bob', 'carol'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }],
  });
  proxy = await startFaultProxy(slack.apiUrl);
});

afterAll(async () => {
  await proxy.stop();
  await slack.stop();
});

beforeEach(() => proxy.decide(() => 'pass on'));

/** A run of its own for each test, in the one channel. */
function begin(decisions: readonly Decision[] = []) {
  const clock = fakeClock();
  const clients = createClients({ token: slack.botToken, slackApiUrl: proxy.apiUrl });
  const deps: ThreadDeps = {
    clients,
    state: memoryThreadState(),
    clusters: { prod: { approvers: ['U0BOB', 'U0CAROL'], operators: ['U0ALICE'] } },
    names: createNames({ client: clients.arrival, clock }),
    decisions: { at: async () => decisions },
    clock,
  };
  const run = request({ runId: newRunId('restore', ClusterName.parse('prod')) });
  const render = (events: readonly JournalEvent[], signal?: AbortSignal) => {
    clock.forward(2_000);
    const entries = journalOf(events);
    return renderRun(deps, viewOf(run, entries), entries, signal);
  };
  return { deps, run, render, clock, thread: () => threadOf(deps, run.runId) };
}

async function threadOf(
  deps: ThreadDeps,
  run: ReturnType<typeof request>['runId'],
): Promise<{ root: LocalMessage | undefined; replies: readonly LocalMessage[] }> {
  const record = await deps.state.get(run);
  const all = await slack.messages('C0INCIDENT');
  return {
    root: all.find(({ ts }) => ts === record?.root.ts),
    replies: all.filter(({ thread_ts: ts }) => ts !== undefined && ts === record?.root.ts),
  };
}

describe('renderRun', () => {
  it('posts a root message, a reply for each settled step, and the gate card, shown in the channel too', async () => {
    const { render, thread, run } = begin();

    await render(waiting);

    const { root, replies } = await thread();
    expect(root?.text).toMatch(/^restore prod: waits for approval/);
    expect(replies.map(({ text }) => text.slice(0, 30))).toEqual([
      'Check snapshot 20261122T030105',
      'Look at 3 hosts: ssh, sudo, to',
      'Hand the snapshot to 3 hosts: ',
      'Restore it beside the present ',
      'Approval needed: Stop etcd on ',
    ]);
    expect(buttonsOf(replies.at(-1)).map(({ action_id: id }) => id)).toEqual(['gate.approve', 'gate.reject']);
    const posts = (await slack.calls()).filter(
      ({ method, args }) => method === 'chat.postMessage' && JSON.stringify(args['metadata']).includes(run.runId),
    );
    expect(posts.map(({ args }) => args['reply_broadcast'] === true || args['reply_broadcast'] === 'true')).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('changes nothing when rendered again', async () => {
    const { render } = begin();
    await render(waiting);
    const before = (await slack.calls()).length;

    expect(await render(waiting)).toEqual({ complete: true, waitMs: 0 });

    expect((await slack.calls()).length).toBe(before);
  });

  it('edits the root and the card in place: the outcome, who, and no buttons', async () => {
    const { render, thread } = begin();
    await render(waiting);
    const card = (await thread()).replies.at(-1);

    await render(approved);

    const { root, replies } = await thread();
    const settled = replies.find(({ ts }) => ts === card?.ts);
    expect(root?.text).toMatch(/step 6 of 8/);
    expect(settled?.text).toMatch(/^Approved: Stop etcd/);
    expect(JSON.stringify(settled?.blocks)).toContain('<@U0BOB>');
    expect(buttonsOf(settled)).toEqual([]);
    expect(settled?.blocks?.map((block) => block['block_id'])).not.toEqual(card?.blocks?.map((block) => block['block_id']));
  });

  it('shows who has approved while more are needed', async () => {
    const { render, thread } = begin([{ verdict: 'approve', by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }]);

    await render(waiting);

    expect(JSON.stringify((await thread()).replies.at(-1)?.blocks)).toContain('1 of 2');
  });

  it('asks for Retry or Abort once when a step failed, and says what became of it', async () => {
    const { render, thread } = begin();
    await render(failed.slice(0, -1));
    expect((await thread()).replies.filter(({ text }) => text.includes('failed'))).toEqual([]);

    await render(failed);
    expect(buttonsOf((await thread()).replies.at(-1)).map(({ action_id: id }) => id)).toEqual(['gate.retry', 'gate.abort']);
    await render(ended);

    expect((await thread()).replies.map(({ text }) => text).filter((text) => text.startsWith('Retried'))).toHaveLength(1);
  });

  it('ends with a summary and the timeline as a file, once', async () => {
    const { render, thread, run } = begin();

    await render(ended);
    await render(ended);

    const { root, replies } = await thread();
    expect(root?.text).toMatch(/^restore prod: done/);
    expect(replies.filter(({ text }) => text.startsWith('restore prod: done in'))).toHaveLength(1);
    expect(replies.flatMap(({ files = [] }) => files.map(({ name }) => name))).toEqual([`${run.runId}.md`]);
    expect(replies.flatMap(buttonsOf)).toEqual([]);
  });

  it('takes the buttons off a gate that was left open when the run ended', async () => {
    const { render, thread } = begin();
    await render(waiting);

    await render([...waiting, { type: 'run-ended', outcome: 'aborted', summary: 'Done: hand-out.' }]);

    expect((await thread()).replies.flatMap(buttonsOf)).toEqual([]);
  });

  it('adds a plan that is too long for the card as a file before it', async () => {
    const { render, thread } = begin();
    const plan = Array.from({ length: 120 }, (_, index) => ({ on: 'etcd01', argv: ['echo', `${index}-${'x'.repeat(60)}`] }));

    await render([...begun, { type: 'gate-opened', gate: gate({ plan }) }]);

    const { replies } = await thread();
    expect(replies.at(-2)?.files?.map(({ name }) => name)).toEqual(['plan-restore-prod-7f3a9c.1.txt']);
    expect(JSON.stringify(replies.at(-1)?.blocks)).toContain('all of them are in the file above this card');
  });

  it('posts a message anew that somebody deleted', async () => {
    const { render, thread } = begin();
    await render(waiting);
    const card = (await thread()).replies.at(-1);
    await slack.deleteMessage('C0INCIDENT', card?.ts ?? '');

    await render(approved);

    expect((await thread()).replies.filter(({ text }) => text.startsWith('Approved'))).toHaveLength(1);
  });

  it('goes on after a 429 where it stopped, and posts nothing twice', async () => {
    const { render, thread } = begin();
    let posts = 0;
    proxy.decide((method) => (method === 'chat.postMessage' && ++posts === 4 ? rateLimited(7) : 'pass on'));

    await expect(render(waiting)).rejects.toMatchObject({ code: 'SLACK_RATE_LIMITED', retry: 'later', details: { retryAfterMs: 7_000 } });
    await render(waiting);

    const { replies } = await thread();
    expect(replies).toHaveLength(5);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(5);
  });

  it('does not wait long for a Slack that does not answer, nor try again by itself', async () => {
    const { render, thread, deps } = begin();
    await render(begun);
    let tries = 0;
    proxy.decide((method) => {
      if (method !== 'chat.update') return 'pass on';
      tries += 1;
      return 'no answer';
    });
    const started = performance.now();

    expect(await render([...begun, { type: 'step-started', stepId: 'hand-out', plan: [] }])).toEqual({ complete: false, waitMs: 1_000 });

    expect(performance.now() - started).toBeLessThan(arrivalTimeoutMs);
    expect(tries).toBe(1);
    proxy.decide(() => 'pass on');
    expect(await render([...begun, { type: 'step-started', stepId: 'hand-out', plan: [] }])).toMatchObject({ complete: true });
    expect((await thread()).root?.text).toContain('step 3 of 8');
    expect(deps.clients.arrival).not.toBe(deps.clients.progress);
  });

  it('posts nothing more once its caller has given up, and goes on there the next time', async () => {
    const { render, thread } = begin();
    const giveUp = new AbortController();
    let posts = 0;
    proxy.decide((method) => {
      if (method === 'chat.postMessage' && ++posts === 3) giveUp.abort();
      return 'pass on';
    });

    expect(await render(waiting, giveUp.signal)).toEqual({ complete: false, waitMs: 0 });
    expect((await thread()).replies).toHaveLength(2);
    await render(waiting);

    expect((await thread()).replies).toHaveLength(5);
  });

  it('leaves an edit of progress out that comes within a second of the last', async () => {
    const { render, clock } = begin();
    await render(begun);
    clock.forward(-1_700);

    expect(await render([...begun, { type: 'step-started', stepId: 'hand-out', plan: [] }])).toEqual({ complete: false, waitMs: 700 });
  });

  it('never leaves out the edit that shows a gate', async () => {
    const { render, clock, thread } = begin();
    await render(begun);
    clock.forward(-1_999);

    expect(await render(waiting)).toMatchObject({ complete: true });
    expect((await thread()).root?.text).toContain('waits for approval');
  });

  it('says it in plain words when Slack does not take the blocks', async () => {
    const { render, thread } = begin();
    proxy.decide((method, args) =>
      method === 'chat.postMessage' && (args.get('blocks') ?? '[]') !== '[]' ? refusal('invalid_blocks') : 'pass on',
    );

    await render(waiting);

    const card = (await thread()).replies.at(-1);
    expect(card?.text).toContain('etcd01$ sudo systemctl stop etcd');
    expect(card?.text).toContain('/etcd approve');
  });

  it.each([
    ['not_in_channel', 'SLACK_REFUSED', /invite/i],
    ['channel_not_found', 'SLACK_REFUSED', /invite/i],
    ['service_unavailable', 'SLACK_RATE_LIMITED', /again/],
  ])('says what to do about %s', async (error, code, hint) => {
    const { render } = begin();
    proxy.decide(() => refusal(error));

    await expect(render(begun)).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) as string });
  });

  it.each(['invalid_auth', 'token_revoked', 'account_inactive', 'not_authed'])(
    'keeps a report until the token is right, which Slack refuses with %s',
    async (error) => {
      const { render } = begin();
      proxy.decide(() => refusal(error));

      await expect(render(begun)).rejects.toMatchObject({
        code: 'SLACK_TOKEN_REFUSED',
        retry: 'later',
        message: `Slack does not take SLACK_BOT_TOKEN (${error}).`,
      });
    },
  );

  it('is told apart: a Slack that is down', async () => {
    const { render } = begin();
    proxy.decide(() => ({ status: 500, body: {} }));

    await expect(render(begun)).rejects.toMatchObject({ code: 'SLACK_UNREACHABLE' });
  });
});
