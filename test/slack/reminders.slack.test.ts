/** Reminders in a real (local) Slack: each stands there once, in its place, and only while somebody is needed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision, JournalEvent } from '../../src/engine/journal.ts';
import { viewOf } from '../../src/engine/view.ts';
import { ClusterName, UserId, newRunId } from '../../src/ids.ts';
import { createClients } from '../../src/slack/clients.ts';
import { renderRun } from '../../src/slack/thread.ts';
import type { ThreadDeps } from '../../src/slack/thread.ts';
import { fakeClock, gate, journalOf, memoryThreadState, request } from './fakes.ts';
import { startLocalSlack } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';
import { approved, prepared, waiting } from './story.ts';

const minutesMs = 60_000;
/** The gate of the story is open for thirty minutes. */
const opened = gate().openedAt;

let slack: LocalSlack;

beforeAll(async () => {
  slack = await startLocalSlack({
    users: ['alice', 'bob', 'carol'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }],
  });
});

afterAll(() => slack.stop());

function begin(said: readonly Decision[] = []) {
  const clock = fakeClock(opened);
  const deps: ThreadDeps = {
    clients: createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl }),
    state: memoryThreadState(),
    clusters: { prod: { approvers: ['U0BOB', 'U0ALICE', 'S0SRE'], operators: ['U0ALICE'] } },
    names: { of: async () => new Map() },
    decisions: { at: async () => said },
    clock,
  };
  const run = request({ runId: newRunId('restore', ClusterName.parse('prod')) });
  const renderAt = async (minute: number, events: readonly JournalEvent[] = waiting): Promise<readonly LocalMessage[]> => {
    clock.forward(Date.parse(opened) + minute * minutesMs - clock.now().getTime());
    const entries = journalOf(events);
    await renderRun(deps, viewOf(run, entries), entries);
    const root = (await deps.state.get(run.runId))?.root.ts;
    return (await slack.messages('C0INCIDENT')).filter(({ thread_ts: ts, text }) => ts === root && text.startsWith('Reminder'));
  };
  const broadcasts = async () =>
    (await slack.calls())
      .filter(({ method, args }) => method === 'chat.postMessage' && JSON.stringify(args['metadata']).includes(run.runId))
      .filter(({ args }) => String(args['reply_broadcast']) === 'true')
      .map(({ args }) => String(args['text']).split(/[:,]/)[0]);
  return { renderAt, broadcasts, deps };
}

const mentions = (message: LocalMessage | undefined) => JSON.stringify(message?.blocks).match(/<[@!](?!date)[^>]*>/g) ?? [];

describe('a reminder', () => {
  it('comes at half time, in the thread alone, and calls nobody', async () => {
    const { renderAt, broadcasts } = begin();

    expect(await renderAt(14.9)).toEqual([]);
    const [reminder] = await renderAt(15);

    expect(reminder?.text).toMatch(/^Reminder, half of the time is over: 2 more approvals are needed for “Stop etcd/);
    expect(reminder?.text).toContain('silence is no');
    expect(mentions(reminder)).toEqual([]);
    expect(await broadcasts()).toEqual(['Approval needed']);
  });

  it('comes at four fifths in the channel too, and calls the approvers but not who asked', async () => {
    const { renderAt, broadcasts } = begin();
    await renderAt(15);

    const reminders = await renderAt(24);

    expect(reminders.map(({ text }) => text.slice(0, 34))).toEqual([
      'Reminder, half of the time is over',
      'Reminder, little time is left: 2 m',
    ]);
    expect(mentions(reminders[1])).toEqual(['<@U0BOB>', '<!subteam^S0SRE>']);
    expect(await broadcasts()).toEqual(['Approval needed', 'Reminder']);
  });

  it('stands there once, however often the run is rendered and whoever does it', async () => {
    const { renderAt } = begin();

    for (const minute of [15, 15.1, 20, 24, 24.1, 29.9]) await renderAt(minute);

    expect(await renderAt(29.95)).toHaveLength(2);
  });

  it('is the later one alone when both are due', async () => {
    const { renderAt } = begin();
    await renderAt(1);

    expect((await renderAt(25)).map(({ text }) => text.slice(0, 29))).toEqual(['Reminder, little time is left']);
  });

  it.each<[string, readonly JournalEvent[]]>([
    ['is settled', approved],
    ['was left open by a run that ended', [...waiting, { type: 'run-ended', outcome: 'aborted', summary: 'aborted' }]],
  ])('does not come late for a gate that %s', async (_what, events) => {
    const { renderAt } = begin();
    await renderAt(1);

    expect(await renderAt(25, events)).toEqual([]);
  });

  it.each([
    ['the time is over', 30, []],
    ['somebody said no', 25, [['reject', 'U0BOB']]],
    [
      'enough have said yes',
      25,
      [
        ['approve', 'U0BOB'],
        ['approve', 'U0CAROL'],
      ],
    ],
  ] as const)('does not come once %s, although no worker has settled the gate', async (_what, minute, said) => {
    const { renderAt } = begin(said.map(([verdict, by]) => ({ verdict, by: UserId.parse(by), at: opened })));
    await renderAt(1);

    expect(await renderAt(minute)).toEqual([]);
  });

  it('says how many are missing', async () => {
    const { renderAt } = begin([{ verdict: 'approve', by: UserId.parse('U0BOB'), at: opened }]);

    expect((await renderAt(15))[0]?.text).toContain('1 more approval is needed');
  });

  it('calls nobody to a step that may be left out: silence leaves things as they are', async () => {
    const { renderAt, broadcasts } = begin();
    const optional = [...prepared, { type: 'gate-opened', gate: gate({ otherwise: 'The old data stays.' }) } as const];

    const reminders = await renderAt(24, optional);

    expect(reminders[0]?.text).toContain('The old data stays.');
    expect(mentions(reminders[0])).toEqual([]);
    expect(await broadcasts()).toEqual(['Optional']);
  });
});
