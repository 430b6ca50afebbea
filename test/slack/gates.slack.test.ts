/** Gates in a real (local) Slack: clicks and words, who may say them, and what is told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attestGate, attesting, choiceGate, choosing, recovery } from './crossroads.ts';
import { gate, journalOf, request } from './fakes.ts';
import { clickThrough } from './click-through.ts';
import { channel, startWorkspace } from './front.ts';
import { approved, waiting } from './story.ts';

const run = request().runId;

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

describe('a gate', () => {
  it('understands a mention in a thread, where the run need not be named', async () => {
    await front.render(waiting);
    const root = (await front.state.get(run))?.root.ts ?? '';

    await workspace.slack.say('U0BOB', channel, `<@${workspace.slack.botUserId}> approve`, root);

    await workspace.whispered('U0BOB', /Your approval of “Stop etcd.*” \(restore-prod-7f3a9c\) is recorded\. 1 more/);
    expect(await front.runs.decisions.at(gate().gateId)).toMatchObject([{ by: 'U0BOB', verdict: 'approve' }]);
    expect(front.rendered).toEqual([run]);
  });

  it('has the card rendered anew when somebody approves by typing', async () => {
    await front.render(waiting);

    await workspace.slack.command('U0BOB', channel, `approve ${run}`);

    await workspace.whispered('U0BOB', /Your approval of .* is recorded/);
    expect(front.rendered).toEqual([run]);
  });

  it('takes an approval by button, and the card shows the outcome', async () => {
    await front.render(waiting);

    await workspace.slack.click('U0BOB', channel, (await front.card()).ts, 'gate.approve');
    await workspace.whispered('U0BOB', /Your approval of .* is recorded/);
    await workspace.slack.click('U0CAROL', channel, (await front.card()).ts, 'gate.approve');
    await workspace.whispered('U0CAROL', /Your approval of .* is recorded\.$/);
    await front.render(approved);

    expect((await front.runs.decisions.at(gate().gateId)).map(({ by }) => by)).toEqual(['U0BOB', 'U0CAROL']);
    expect((await front.card()).text).toMatch(/^Approved/);
  });

  it.each([
    ['the requester', 'U0ALICE', /somebody else has to approve it/],
    ['who is no approver', 'U0MALLORY', /may not approve on prod/],
  ])('does not take an approval of %s, and says who may', async (_who, user, words) => {
    await front.render(waiting);

    await workspace.slack.click(user, channel, (await front.card()).ts, 'gate.approve');

    expect((await workspace.whispered(user, words)).text).toContain('Approvers: U0BOB, S0SRE');
    expect(await front.runs.decisions.at(gate().gateId)).toEqual([]);
  });

  it('takes a double click once', async () => {
    await front.render(waiting);
    const { ts } = await front.card();

    await Promise.all([
      workspace.slack.click('U0BOB', channel, ts, 'gate.approve'),
      workspace.slack.click('U0BOB', channel, ts, 'gate.approve'),
    ]);

    await workspace.whispered('U0BOB', /already said “approve”/);
    expect(await front.runs.decisions.at(gate().gateId)).toHaveLength(1);
  });

  it('takes a choice by button, tells the second who was first, and shows the steps that follow', async () => {
    await front.render(choosing, recovery());
    const { ts } = await front.card(recovery().runId);

    await workspace.slack.click('U0ALICE', channel, ts, 'gate.choose.survivor');
    await workspace.whispered('U0ALICE', /Your choice at .* \(recover-quorum-prod-7f3a9c\) is recorded\.$/);
    await workspace.slack.click('U0BOB', channel, ts, 'gate.choose.start');
    await workspace.whispered('U0BOB', /was first and chose “Rebuild from etcd01”; your choice was not recorded/);
    await workspace.slack.click('U0MALLORY', channel, ts, 'gate.choose.start');
    await workspace.whispered('U0MALLORY', /neither an operator nor an approver of prod/);
    await front.render(attesting, recovery());

    expect(await front.runs.decisions.at(choiceGate().gateId)).toMatchObject([{ by: 'U0ALICE', verdict: 'choose', option: 'survivor' }]);
    expect((await workspace.slack.message(channel, (message) => message.ts === ts)).text).toMatch(/^Chosen: Rebuild from etcd01/);
    const root = (await front.state.get(recovery().runId))?.root.ts;
    expect(JSON.stringify((await workspace.slack.message(channel, (message) => message.ts === root)).blocks)).toContain(
      'Rebuild from etcd01',
    );
  });

  it('takes a choice that is typed in the thread', async () => {
    await front.render(choosing, recovery());
    const root = (await front.state.get(recovery().runId))?.root.ts ?? '';

    await workspace.slack.say('U0BOB', channel, `<@${workspace.slack.botUserId}> choose Start`, root);

    await workspace.whispered('U0BOB', /Your choice at .* \(recover-quorum-prod-7f3a9c\) is recorded/);
    expect(await front.runs.decisions.at(choiceGate().gateId)).toMatchObject([{ by: 'U0BOB', option: 'start' }]);
  });

  it('takes an attestation by button', async () => {
    await front.render(attesting, recovery());
    const { ts } = await front.card(recovery().runId);

    await clickThrough(workspace.slack, { gate: attestGate(), card: { ts }, verdict: 'approve', by: 'U0BOB', channel });

    await workspace.whispered('U0BOB', /Your attestation of .* \(recover-quorum-prod-7f3a9c\) is recorded\. 1 more approval is needed/);
    expect(await front.runs.decisions.at(attestGate().gateId)).toMatchObject([{ by: 'U0BOB', verdict: 'approve' }]);
  });

  it('tells the truth about a card that is out of date, and has it rendered anew', async () => {
    await front.render(waiting);
    const { ts } = await front.card();
    front.runs.put(request(), journalOf(approved));

    await workspace.slack.click('U0BOB', channel, ts, 'gate.approve');

    await workspace.whispered('U0BOB', /settled before your click; nothing was recorded/);
    expect(front.rendered).toContain(run);
  });

  it('refuses an approval when the group cannot be read', async () => {
    workspace.proxy.decide((method) => (method === 'usergroups.users.list' ? { status: 500, body: {} } : 'pass on'));
    await front.render(waiting);

    await workspace.slack.click('U0CAROL', channel, (await front.card()).ts, 'gate.approve');

    await workspace.whispered('U0CAROL', /S0SRE could not be read/);
    expect(await front.runs.decisions.at(gate().gateId)).toEqual([]);
  });

  it('answers a button that is not known', async () => {
    await front.render(waiting);

    await workspace.slack.interact('U0BOB', channel, (await front.card()).ts, {
      type: 'button',
      action_id: 'something.else',
      block_id: 'b',
      value: 'x',
    });
    expect((await workspace.whispered('U0BOB', /not one that is known/)).text).toContain('nothing was done');
    await workspace.slack.interact('U0CAROL', channel, (await front.card()).ts, {
      type: 'button',
      action_id: 'gate.approve',
      block_id: 'b',
      value: '{"gateId":7}',
    });
    expect((await workspace.whispered('U0CAROL', /not one that is known/)).text).toContain('nothing was done');
    expect(front.runs.calls).toEqual([]);
  });
});
