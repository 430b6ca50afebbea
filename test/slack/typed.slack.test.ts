/** The window that asks for the cluster's name, in a real (local) Slack: opened by a click, checked, and answered in words. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClusterName } from '../../src/ids.ts';
import { isOpsError } from '../../src/errors.ts';
import { clickThrough } from './click-through.ts';
import { refusal } from './fault-proxy.ts';
import { gate, journalOf, request } from './fakes.ts';
import { channel, startWorkspace } from './front.ts';
import { until } from './local-slack.ts';
import { approved, waiting } from './story.ts';

const run = request().runId;
const asking = gate({ confirm: ClusterName.parse('prod') });
const atQuorum = waiting.map((event) => (event.type === 'gate-opened' ? { ...event, gate: asking } : event));
const named = (name: string) => ({ cluster: { name } });

let workspace: Awaited<ReturnType<typeof startWorkspace>>;
let front: Awaited<ReturnType<typeof workspace.open>>;

beforeAll(async () => {
  workspace = await startWorkspace();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  front = await workspace.open();
  await front.render(atQuorum);
});

afterEach(async () => {
  await front.app.stop();
  expect(front.errors).toEqual([]);
});

/** Clicks, and waits for the window. */
async function opened(by: string) {
  return workspace.slack.clickForWindow(by, channel, (await front.card()).ts, 'gate.approve');
}

describe('a click where quorum is at stake', () => {
  it('opens a window that names the step and what is lost, and records nothing yet', async () => {
    const view = await opened('U0BOB');

    expect(view).toMatchObject({ callback_id: 'gate.confirm', title: { text: 'Approve this step' } });
    expect(JSON.stringify(view?.blocks)).toContain('all writes after revision 48213');
    expect(await front.runs.decisions.at(asking.gateId)).toEqual([]);
    await workspace.slack.closeView('U0BOB');
    expect(await workspace.slack.views()).toEqual([]);
    expect(await front.runs.decisions.at(asking.gateId)).toEqual([]);
  });

  it('counts once the name is typed', async () => {
    const { ts } = await front.card();

    await clickThrough(workspace.slack, { gate: asking, card: { ts }, verdict: 'approve', by: 'U0BOB', channel });
    await workspace.whispered('U0BOB', /Your approval of .* \(restore-prod-7f3a9c\) is recorded\. 1 more/);

    expect(await front.runs.decisions.at(asking.gateId)).toMatchObject([{ by: 'U0BOB', verdict: 'approve', typed: 'prod' }]);
    expect(front.rendered).toEqual([run]);
  });

  it('stays open and says what is wrong when another name is typed, and takes the right one then', async () => {
    await opened('U0BOB');

    const wrong = await workspace.slack.submit('U0BOB', named('Prod'));
    const right = await workspace.slack.submit('U0BOB', named('prod'));

    expect(wrong).toEqual({ state: 'errors', errors: { cluster: expect.stringContaining('Type prod, in small letters') as string } });
    expect(right).toEqual({ state: 'closed' });
    await until(
      async () => (await front.runs.decisions.at(asking.gateId)).length === 1,
      5_000,
      () => 'nothing was recorded',
    );
  });

  it('opens no window for who may not approve, and says who may', async () => {
    const { ts } = await front.card();

    expect(await clickThrough(workspace.slack, { gate: asking, card: { ts }, verdict: 'approve', by: 'U0ALICE', channel })).toBe(false);

    await workspace.whispered('U0ALICE', /somebody else has to approve it/);
  });

  it('does not count a submission of somebody who is no approver, however the window was got', async () => {
    await opened('U0BOB');

    await workspace.slack.submit('U0MALLORY', named('prod'));

    await workspace.whispered('U0MALLORY', /may not approve on prod/);
    expect(await front.runs.decisions.at(asking.gateId)).toEqual([]);
  });

  it.each([
    [
      'the gate was settled',
      approved.map((event) => (event.type === 'gate-opened' ? { ...event, gate: asking } : event)),
      /settled before your click/,
    ],
    [
      'the plan moved',
      atQuorum.map((event) => (event.type === 'gate-opened' ? { ...event, gate: { ...asking, digest: 'e'.repeat(64) } } : event)),
      /plan has moved since this card was shown/,
    ],
  ] as const)('says so when %s while the window was open', async (_what, events, words) => {
    await opened('U0BOB');
    front.runs.put(request(), journalOf(events));

    await workspace.slack.submit('U0BOB', named('prod'));

    await workspace.whispered('U0BOB', words);
    expect(await front.runs.decisions.at(asking.gateId)).toEqual([]);
  });

  it('tells the words that do the same when the window cannot be opened', async () => {
    workspace.proxy.decide((method) => (method === 'views.open' ? refusal('expired_trigger_id') : 'pass on'));

    await workspace.slack.click('U0BOB', channel, (await front.card()).ts, 'gate.approve');

    expect((await workspace.whispered('U0BOB', /takes the name of the cluster too/)).text).toContain(`approve ${run} 2p prod`);
    await until(
      () => front.errors.length > 0,
      5_000,
      () => 'it was not made known',
    );
    expect(isOpsError(front.errors.pop(), 'SLACK_REFUSED')).toBe(true);
  });
});
