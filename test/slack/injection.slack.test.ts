/** Markup from everywhere, in a real (local) Slack: nobody is called by it, and it links nothing. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { deliverAnswer } from '../../src/slack/answers.ts';
import { gate, request } from './fakes.ts';
import { channel, startWorkspace } from './front.ts';
import type { LocalMessage } from './local-slack.ts';
import { command, ended } from './story.ts';
import { pages } from './within-limits.ts';

const injected =
  '<!channel> <!here|x> <!everyone> @here @channel <https://evil.example|click> https://evil.example <@U0EVERYBODY> <!subteam^S0EVERYBODY|@sre> </etcd>';

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

/** Every text of a message that Slack reads as markup. */
function markupOf({ text, blocks = [] }: Pick<LocalMessage, 'text' | 'blocks'>): readonly string[] {
  const found: string[] = [text];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('type' in value && value.type === 'mrkdwn' && 'text' in value) {
      found.push(String(value.text));
      // Without it Slack would look for links and channels by itself.
      expect(value).toMatchObject({ verbatim: true });
    }
    expect(['link', 'broadcast', 'usergroup', 'channel']).not.toContain('type' in value ? value.type : undefined);
    for (const child of Object.values(value)) walk(child);
  };
  walk(blocks);
  return found;
}

const paging = (messages: readonly LocalMessage[]) => messages.flatMap(markupOf).filter(pages);

/** A run in which every text that can come from outside holds markup. */
const hostileRun: readonly JournalEvent[] = [
  {
    type: 'run-prepared',
    prepared: {},
    summary: injected,
    steps: [
      { id: 'a', title: `Write ${injected}`, kind: 'change' },
      { id: 'b', title: `Delete ${injected}`, kind: 'destroy' },
    ],
  },
  { type: 'step-started', stepId: 'a', plan: [] },
  { type: 'command', stepId: 'a', command: command('etcd01', ['cat', injected], injected) },
  { type: 'step-settled', stepId: 'a', how: 'done', durationMs: 1, note: injected },
  {
    type: 'gate-opened',
    gate: gate({
      stepId: 'b',
      title: injected,
      reason: injected,
      facts: { [injected]: injected },
      plan: [{ on: 'bot', argv: ['rm', injected] }],
    }),
  },
];

describe('markup', () => {
  it('from keys, hosts, files and members calls nobody, on cards, in reminders and at the end', async () => {
    const before = (await workspace.slack.messages(channel)).length;
    const gateId = gate().gateId;

    await front.render(hostileRun);
    front.clock.forward(20 * 60_000);
    await front.render(hostileRun);
    await front.render([
      ...hostileRun,
      { type: 'gate-settled', gateId, outcome: 'voided', decisions: [], difference: injected },
      { type: 'step-failed', stepId: 'b', code: 'X', because: injected, hint: injected },
      { type: 'run-ended', outcome: 'failed', summary: injected },
    ]);

    const shown = (await workspace.slack.messages(channel)).slice(before);
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.map(({ text }) => text).join('\n')).toContain('Reminder');
    expect(paging(shown)).toEqual([]);
  });

  it('in what a person types comes back as text, to that person alone', async () => {
    const typed = [
      '&lt;!channel&gt; prod',
      '<!channel> prod',
      'status <https://evil.example|prd>',
      'show &lt;@U0EVERYBODY&gt;',
      `put prod ${injected}`,
    ];

    for (const words of typed) await workspace.slack.command('U0ALICE', channel, words);
    const last = await workspace.whispered('U0ALICE', /no run id/);

    expect(last.ephemeral_to).toBe('U0ALICE');
    expect(paging((await workspace.slack.messages(channel)).filter(({ ephemeral_to: to }) => to !== undefined))).toEqual([]);
  });

  it('in an answer from a cluster calls nobody', async () => {
    const before = (await workspace.slack.messages(channel)).length;
    const query = { verb: 'get', cluster: request().cluster, input: {}, requester: request().requester };
    const table = { columns: [{ title: injected, align: 'left' as const }], rows: [[injected]] };
    const parts = [
      { type: 'sentence', text: injected } as const,
      { type: 'table', table } as const,
      { type: 'verbatim', text: injected } as const,
    ];

    await deliverAnswer(front.thread, query, { state: 'answered', answer: { headline: injected, parts, next: injected } });
    await deliverAnswer(front.thread, query, { state: 'failed', code: 'X', because: injected, hint: injected });

    const shown = (await workspace.slack.messages(channel)).slice(before);
    expect(shown).toHaveLength(2);
    expect(paging(shown)).toEqual([]);
  });

  it('is not looked for by Slack either: every post and every edit says so', async () => {
    await front.render(ended.slice(0, 3));
    await front.render(ended);

    const calls = (await workspace.slack.calls()).filter(({ method }) => /^chat\.(?:postMessage|update|postEphemeral)$/.test(method));
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.filter(({ args }) => args['parse'] !== 'none' || String(args['link_names']) !== 'false')).toEqual([]);
  });
});
