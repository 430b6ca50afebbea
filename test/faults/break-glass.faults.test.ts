/** Alone at 3 am: nobody approves, who asked breaks the glass, a stranger cancels it once, a worker dies, and the data comes back. */
import { gateCode } from '../../src/engine/gate-code.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, valueOf, waitFor, waitForEnd, waitForGate } from '../stage/acting.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { buttonsOf } from '../slack/local-slack.ts';

const delayMs = 10_000;

let stage: Stage;
let bot: BotProcess;

beforeAll(async () => {
  const approvals = {
    required: 2,
    quorumLoss: 2,
    expiresAfter: '30m',
    breakGlass: { people: [people.alice], delay: `${delayMs / 1000}s` },
  };
  stage = await createStage({ name: 'e2e-glass', members: 1, cluster: { approvals } });
  bot = await stage.start();
});
afterAll(() => stage.down());

const whisperTo = (user: string, text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === user && text.test(message.text));

describe('a restore whose approvers do not answer', () => {
  it('goes on by a break-glass that nobody cancelled, across the death of its worker, and says so everywhere', async () => {
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    await stage.lab.host('etcd01').fault('lose-data');
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');
    const words = async () => (await stage.runs.view(run)).gates.find((one) => one.gate.gateId === gate.gateId)?.said ?? [];
    const inJournal = (count: number) =>
      waitFor(stage, run, ({ gates }) => gates.some(({ said = [] }) => said.length === count)).then(() => words());

    const code = gateCode(gate.gateId);
    await say(stage, `break-glass ${run} ${code} alone on call`);
    await whisperTo(people.alice, /name of the cluster, `demo`, comes before the reason/);
    await say(stage, `break-glass ${run} ${code} demo alone on call`);
    const loud = await stage.slack.message(channels.incident, ({ text }) => text.startsWith('Break-glass: '));
    await stage.slack.click(people.mallory, channels.incident, loud.ts, 'gate.cancel-break-glass');
    await whisperTo(people.mallory, /cancellation of the break-glass/);
    await inJournal(2);
    await stage.slack.message(channels.incident, ({ ts, text }) => ts === loud.ts && text.startsWith('Break-glass cancelled'));
    await say(stage, `break-glass ${run} ${code} demo really alone, and prod is down`);
    const [, , again] = await inJournal(3);
    await bot.kill();
    bot = await stage.start();
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    const view = await waitForEnd(stage, run);

    expect(view).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/1')).toBe('test');
    const [first] = view.gates;
    expect(first).toMatchObject({
      outcome: 'approved',
      decisions: [{ verdict: 'break-glass', by: people.alice, typed: 'demo', reason: 'really alone, and prod is down' }],
    });
    expect(Date.parse(first?.settledAt ?? '')).toBeGreaterThanOrEqual(Date.parse(again?.at ?? '') + delayMs);
    const summary = await stage.slack.message(channels.incident, ({ text }) => text.startsWith('restore demo: done in'));
    expect(JSON.stringify(summary.blocks)).toContain('really alone, and prod is down');
    const live = (await stage.slack.messages(channels.incident)).flatMap(buttonsOf);
    expect(live.filter(({ action_id: id }) => id === 'gate.cancel-break-glass')).toEqual([]);
  });
});
