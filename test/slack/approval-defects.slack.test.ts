/** The twelve defects that approval buttons elsewhere had, each with the test that fails when it is here too. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { RunRequest } from '../../src/engine/journal.ts';
import type { RunId } from '../../src/ids.ts';
import { acted, go } from '../queue/fixtures/scripted.ts';
import { until } from '../queue/until.ts';
import { channel } from './front.ts';
import { buttonsOf, freePort } from './local-slack.ts';
import type { LocalMessage } from './local-slack.ts';
import { send, signedInteraction } from './signed.ts';
import { startWhole } from './whole.ts';
import type { OverHttp, Whole } from './whole.ts';

let workspace: Awaited<ReturnType<typeof startWhole>>;
let whole: Whole;

beforeAll(async () => {
  workspace = await startWhole();
});

afterAll(() => workspace.stop());

beforeEach(async () => {
  whole = await workspace.open();
});

afterEach(() => whole.close());

const needed = /^Approval needed/;
const approve = (by: string, { ts }: LocalMessage) => whole.slack.click(by, channel, ts, 'gate.approve');
const recorded = (by: string, run: RunId) => whole.whispered(by, new RegExp(String.raw`Your approval of .* \(${run}\) is recorded`));
const actedOf = async (run: RunId) => (await whole.on.probe.lrange(acted, 0, -1)).filter((line) => line.startsWith(run));
const decisionsOf = async (run: RunId) => {
  const gate = await whole.on.runs.openGate(run);
  return gate === undefined ? [] : whole.on.probe.lrange(`medic:said:${gate.gateId}`, 0, -1);
};

/** A run at a gate, with its card. */
async function atGate(words: Parameters<Whole['begin']>[0] = ['gate']): Promise<{ run: RunRequest['runId']; card: LocalMessage }> {
  const { runId } = await whole.begin(words);
  return { run: runId, card: await whole.card(runId, needed) };
}

describe('a defect of approval buttons that is not here:', { timeout: 120_000 }, () => {
  it('1. the first click after a restart is swallowed', async () => {
    const first = whole.worker();
    const { run, card } = await atGate();
    await whole.stopFront();
    await first.close({ deadlineMs: 2_000 });
    await whole.startFront();
    whole.worker();

    await approve('U0BOB', card);

    await recorded('U0BOB', run);
    expect(await whole.ended(run)).toMatchObject({ outcome: 'completed' });
  });

  it('2. a second proposal overwrites the first', async () => {
    whole.worker();
    const first = await atGate();
    const second = await atGate();

    await approve('U0BOB', second.card);
    await whole.ended(second.run);

    expect(await whole.on.runs.view(first.run)).toMatchObject({ state: 'waiting' });
    expect(await actedOf(first.run)).toEqual([]);
    await approve('U0BOB', first.card);
    expect(await whole.ended(first.run)).toMatchObject({ outcome: 'completed' });
  });

  it('3. an unauthorised click is ignored in silence', async () => {
    whole.worker();
    const { run, card } = await atGate();

    await approve('U0MALLORY', card);

    const told = await whole.whispered('U0MALLORY', new RegExp('may not approve on prod'));
    expect(told.text).toContain('To allow it, add U0MALLORY to clusters.prod.approvers');
    expect(await decisionsOf(run)).toEqual([]);
  });

  it('4. a double click acts twice', async () => {
    whole.worker();
    const { run, card } = await atGate();
    const { gateId } = await whole.on.gate(run);

    await Promise.all([approve('U0BOB', card), approve('U0BOB', card), approve('U0BOB', card)]);

    await whole.ended(run);
    expect(await whole.on.probe.llen(`medic:said:${gateId}`)).toBe(1);
    expect(await actedOf(run)).toHaveLength(1);
    const view = await whole.on.runs.view(run);
    expect(view.gates).toMatchObject([{ outcome: 'approved', decisions: [{ by: 'U0BOB' }] }]);
  });

  it('5. two edits race, and erase who approved', async () => {
    await whole.stopFront();
    await whole.startFront({ reporting: 3 });
    whole.worker({ required: 2 });
    const { run, card } = await atGate();

    await Promise.all([approve('U0BOB', card), approve('U0CAROL', card)]);

    const settled = await whole.card(run, /^Approved/);
    expect(JSON.stringify(settled.blocks)).toContain('<@U0BOB>');
    expect(JSON.stringify(settled.blocks)).toContain('<@U0CAROL>');
    await whole.ended(run);
    expect((await whole.on.runs.view(run)).gates[0]?.decisions.map(({ by }) => by).toSorted()).toEqual(['U0BOB', 'U0CAROL']);
  });

  it('6. live buttons are left after a decision made elsewhere', async () => {
    whole.worker();
    const { run, card } = await atGate();
    expect(buttonsOf(card)).not.toEqual([]);

    await whole.terminal(['reject', run, gateCode(`${run}.1`)]);

    const settled = await whole.card(run, /^Rejected/);
    expect(settled.ts).toBe(card.ts);
    expect(await whole.buttons(run)).toEqual([]);
  });

  it('7. live buttons are left after an expiry', async () => {
    whole.worker({ approvalExpiresAfterMs: 10_000 });
    const { run, card } = await atGate();

    const settled = await whole.card(run, /^Expired/);

    expect(settled.ts).toBe(card.ts);
    expect(await whole.buttons(run)).toEqual([]);
  });

  it('8. an old approval satisfies a retry', async () => {
    whole.worker();
    const { run, card } = await atGate(['break']);
    await approve('U0BOB', card);
    const stopped = await whole.card(run, /stopped: .* failed/);
    await whole.on.probe.set(go, '1');

    await whole.slack.click('U0ALICE', channel, stopped.ts, 'gate.retry');

    const again = await whole.card(run, needed);
    expect(again.ts).not.toBe(card.ts);
    expect(await actedOf(run)).toHaveLength(1);
    await approve('U0CAROL', again);
    expect(await whole.ended(run)).toMatchObject({ outcome: 'completed' });
    expect(await actedOf(run)).toHaveLength(2);
  });

  it('9. anyone who sees the card may approve', async () => {
    whole.worker();
    const { run, card } = await atGate();
    const rootTs = await whole.root(run);

    for (const by of ['U0MALLORY', 'U0ALICE']) {
      const refusal = by === 'U0ALICE' ? /asked for this run, so somebody else/ : /may not approve on prod/;
      await approve(by, card);
      await whole.slack.command(by, channel, `approve ${run}`);
      await whole.slack.say(by, channel, `<@${whole.slack.botUserId}> approve`, rootTs);
      await until('all three are refused', async () => {
        const told = (await whole.slack.messages(channel)).filter((one) => one.ephemeral_to === by && Number(one.ts) > Number(card.ts));
        return told.filter(({ text }) => refusal.test(text)).length === 3;
      });
    }

    expect(await decisionsOf(run)).toEqual([]);
    expect(await whole.on.runs.view(run)).toMatchObject({ state: 'waiting' });
  });

  it('10. expiry is looked at only on the next click', async () => {
    whole.worker({ approvalExpiresAfterMs: 1_000 });

    const { runId } = await whole.begin(['gate']);

    expect(await whole.ended(runId)).toMatchObject({ outcome: 'expired' });
    expect((await whole.on.runs.view(runId)).gates).toMatchObject([{ outcome: 'expired', decisions: [] }]);
  });

  it('11. expiry is counted as yes', async () => {
    whole.worker({ approvalExpiresAfterMs: 10_000, required: 2 });
    const { run, card } = await atGate();
    await approve('U0BOB', card);
    await recorded('U0BOB', run);

    expect(await whole.ended(run)).toMatchObject({ outcome: 'expired' });

    expect(await actedOf(run)).toEqual([]);
    expect(await whole.card(run, /^Expired/)).toMatchObject({ ts: card.ts });
  });

  it('12. the id of another team never matches, and nobody notices', async () => {
    await whole.close();
    const http: OverHttp = { port: await freePort(), signingSecret: 'a-signing-secret' };
    whole = await workspace.open(http);
    whole.worker();
    const { run, card } = await atGate();
    const clickOf = (teamId: string) => {
      const [button] = buttonsOf(card).filter(({ action_id: id }) => id === 'gate.approve');
      const actions = [{ type: 'button', ...button, action_ts: '1' }];
      const where = { channel: { id: channel, name: 'inc-etcd' }, message: { ts: card.ts, thread_ts: card.thread_ts } };
      // In a shared channel `team` is the bot's own and `user.team_id` the person's.
      const who = { user: { id: 'U0BOB', team_id: teamId }, team: { id: whole.slack.teamId } };
      const payload = { type: 'block_actions', trigger_id: `1.2.${teamId}`, api_app_id: 'A0MEDIC', ...who, ...where, actions };
      return signedInteraction(payload, { secret: http.signingSecret });
    };

    await send(http.port, clickOf('T0OTHER'));
    const told = await whole.whispered('U0BOB', /another Slack team/);
    expect(told.text).toContain('(T0OTHER)');
    expect(await decisionsOf(run)).toEqual([]);

    await send(http.port, clickOf(whole.slack.teamId));
    expect(await whole.ended(run)).toMatchObject({ outcome: 'completed' });
  });
});
