/** Breaking the glass in a real (local) Slack: loud in the channel, and cancelled by anybody in it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gate, request } from './fakes.ts';
import { channel, startWorkspace } from './front.ts';
import { glassBroken, glassCancelled } from './glass.ts';
import { buttonsOf } from './local-slack.ts';
import { waiting } from './story.ts';

const run = request().runId;
const { gateId } = gate();

let workspace: Awaited<ReturnType<typeof startWorkspace>>;
let front: Awaited<ReturnType<typeof workspace.open>>;

beforeAll(async () => {
  workspace = await startWorkspace();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  front = await workspace.open();
  await front.render(waiting);
});

afterEach(async () => {
  await front.app.stop();
  expect(front.errors).toEqual([]);
});

/** What the channel was told. */
async function announcement() {
  const { replies = {} } = (await front.state.get(run)) ?? {};
  const [, posted] = Object.entries(replies).find(([key]) => key.startsWith('glass:')) ?? [];
  return workspace.slack.message(channel, ({ ts }) => ts === posted?.ts);
}

describe('a break-glass', () => {
  it('is taken from who is named for it, and shown in the channel with a button that anybody may press', async () => {
    await workspace.slack.command('U0ALICE', channel, `break-glass ${run} alone on call`);
    await workspace.whispered('U0ALICE', /Your break-glass at .* \(restore-prod-7f3a9c\) is recorded, and the channel is told/);
    await front.render(glassBroken);
    const loud = await announcement();

    await workspace.slack.click('U0MALLORY', channel, loud.ts, 'gate.cancel-break-glass');
    await workspace.whispered('U0MALLORY', /Your cancellation of the break-glass at .* \(restore-prod-7f3a9c\) is recorded/);
    await front.render(glassCancelled);

    const posted = (await workspace.slack.calls()).find(({ method, args }) => method === 'chat.postMessage' && args['text'] === loud.text);
    expect(String(posted?.args['reply_broadcast'])).toBe('true');
    expect(loud.text).toMatch(
      /^Break-glass: .* will be approved by one person alone at 03:17 UTC unless it is cancelled\. Why: alone on call$/,
    );
    expect(await front.runs.decisions.at(gateId)).toMatchObject([
      { by: 'U0ALICE', verdict: 'break-glass', reason: 'alone on call' },
      { by: 'U0MALLORY', verdict: 'cancel-break-glass' },
    ]);
    const after = await announcement();
    expect(after.ts).toBe(loud.ts);
    expect(after.text).toMatch(/^Break-glass cancelled/);
    expect(buttonsOf(after)).toEqual([]);
  });

  it('is refused to an approver who is not named for it, with who is', async () => {
    await workspace.slack.command('U0BOB', channel, `break-glass ${run} alone on call`);

    await workspace.whispered('U0BOB', /may not break the glass on prod\. Who may: U0ALICE/);
    expect(await front.runs.decisions.at(gateId)).toEqual([]);
  });

  it('keeps out of the channel what a reason holds to page or link', async () => {
    await workspace.slack.command('U0ALICE', channel, `break-glass ${run} &lt;!channel&gt; <https://evil.example|look> @here`);
    await workspace.whispered('U0ALICE', /Your break-glass/);
    const [said] = await front.runs.decisions.at(gateId);
    await front.render([...waiting, { type: 'gate-said', gateId, decision: said ?? Object.assign({}, said) }]);

    const loud = await announcement();

    expect(said?.reason).toBe('<!channel> look @here');
    expect(loud.text).not.toContain('<!channel>');
    expect(JSON.stringify(loud.blocks)).not.toMatch(/"type":"(?:broadcast|link)"/);
  });
});
