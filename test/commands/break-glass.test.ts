/** `break-glass` and what cancels it: who may, with which words, and what is answered. */
import { describe, expect, it } from 'vitest';
import { ClusterName } from '../../src/ids.ts';
import { gate, request } from '../slack/fakes.ts';
import { glassBroken } from '../slack/glass.ts';
import { ended, failed, optional, waiting } from '../slack/story.ts';
import { alice, bob, mallory, open, person } from './open-desk.ts';

const run = request().runId;
const { gateId, digest } = gate();
const atQuorum = waiting.map((event) =>
  event.type === 'gate-opened' ? { ...event, gate: { ...event.gate, confirm: ClusterName.parse('prod') } } : event,
);

describe('break-glass', () => {
  it('is recorded with its reason and its delay, for who asked for the run too, and says from when on it counts', async () => {
    const { say, runs } = open(waiting);

    expect(await say(`break-glass ${run} the others don't answer, 2 calls -- tried`)).toMatchObject({
      kind: 'receipt',
      counted: true,
      sentence: `Your break-glass at “${gate().title}” (${run}) is recorded, and the channel is told. It counts from 03:25:00 UTC on, if plan and facts are the same then, unless somebody says \`cancel-break-glass ${run}\`.`,
    });
    expect(runs.calls).toEqual([
      {
        method: 'decide',
        args: [gateId, { verdict: 'break-glass', by: 'U0ALICE', delayMs: 300_000, reason: "the others don't answer, 2 calls -- tried" }],
      },
    ]);
  });

  it('takes the name of the cluster before the reason where quorum is at stake', async () => {
    const { say, runs } = open(atQuorum);

    expect(await say(`break-glass ${run} alone on call`)).toMatchObject({
      kind: 'refused',
      sentence: 'Here the name of the cluster, `prod`, comes before the reason, and `alone` is not it; nothing was recorded.',
      next: `Say \`break-glass ${run} 2p prod <reason>\`.`,
    });
    expect(await say(`break-glass ${run} prod`)).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('Say why') as string });
    expect(runs.calls).toEqual([]);
    expect(await say(`break-glass ${run} prod alone on call`)).toMatchObject({ kind: 'receipt', counted: true });
    expect(runs.calls).toMatchObject([{ args: [gateId, { typed: 'prod', reason: 'alone on call' }] }]);
  });

  it.each([
    ['without a reason', `break-glass ${run}`, 'Say why nobody else can approve'],
    ['with a reason that is a novel', `break-glass ${run} ${'x'.repeat(301)}`, 'at most 300 are taken'],
    ['without a run', 'break-glass', 'Which run, and why?'],
    ['with something that is no run', 'break-glass alone on call', 'is no run id'],
  ])('is refused %s', async (_what, words, sentence) => {
    const { say, runs } = open(waiting);

    expect(await say(words)).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: expect.stringContaining(sentence) as string,
    });
    expect(runs.calls).toEqual([]);
  });

  it.each([
    ['an approver who is not named for it', bob],
    ['who is on no list', mallory],
    ['who is in another channel', person('U0ALICE', { channel: { id: 'C0RANDOM' } })],
  ])('is refused to %s', async (_who, by) => {
    const { say, runs } = open(waiting);

    expect(await say(`break-glass ${run} alone`, by)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' });
    expect(runs.calls).toEqual([]);
  });

  it('fits an approval that must be given, and nothing else', async () => {
    expect(await open(failed).say(`break-glass ${run} alone`)).toMatchObject({
      kind: 'refused',
      sentence: `${run} waits after a failed step; \`break-glass\` does not fit there.`,
    });
    expect(await open(optional).say(`break-glass ${run} 8f alone`)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('need not be done, so there is no reason to do it alone') as string,
    });
    expect(await open(ended).say(`break-glass ${run} alone`)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
  });

  it('is refused when the gate expires before it could count', async () => {
    const { say, clock, runs } = open(waiting);
    clock.forward(20 * 60_000);

    expect(await say(`break-glass ${run} alone`)).toMatchObject({
      kind: 'refused',
      sentence: 'This gate expires before a break-glass could count; nothing was recorded.',
    });
    expect(runs.calls).toEqual([]);
  });

  it('is said once: the second is told that one stands', async () => {
    const { say } = open(waiting);
    await say(`break-glass ${run} alone`);

    expect(await say(`break-glass ${run} really alone`)).toMatchObject({
      kind: 'receipt',
      counted: false,
      sentence: `A break-glass of U0ALICE stands at “${gate().title}” (${run}) already; nothing more was recorded.`,
    });
  });

  it('need not name the run in its thread', async () => {
    const { desk, runs } = open(waiting);

    expect(await desk.take({ words: 'break-glass alone on call', prefix: '@etcd-medic', run }, alice)).toMatchObject({ counted: true });
    expect(runs.calls).toMatchObject([{ args: [gateId, { reason: 'alone on call' }] }]);
  });

  it('is shown by `show`, with how it is cancelled', async () => {
    expect(JSON.stringify(await open(glassBroken).say(`show ${run}`))).toContain(
      `U0ALICE broke the glass: “alone on call”. It counts from 2026-11-22T03:17:29.000Z on, unless somebody says \`cancel-break-glass ${run}\`.`,
    );
  });
});

describe('cancel-break-glass', () => {
  it('is open to anyone in the channel, by word and by button', async () => {
    const typed = open(waiting);
    const clicked = open(waiting);
    for (const { say } of [typed, clicked]) await say(`break-glass ${run} alone`);

    expect(await typed.say(`cancel-break-glass ${run}`, mallory)).toMatchObject({ kind: 'receipt', counted: true });
    expect(await clicked.desk.click({ gateId, digest, verdict: 'cancel-break-glass' }, mallory)).toMatchObject({
      kind: 'receipt',
      counted: true,
      sentence: `Your cancellation of the break-glass at “${gate().title}” (${run}) is recorded.`,
    });
  });

  it('is not taken from elsewhere, and says when there is nothing to cancel', async () => {
    const { say } = open(waiting);

    expect(await say(`cancel-break-glass ${run}`, person('U0MALLORY', { channel: { id: 'C0RANDOM' } }))).toMatchObject({
      kind: 'refused',
      code: 'NOT_ALLOWED',
    });
    expect(await say(`cancel-break-glass ${run}`, mallory)).toMatchObject({
      kind: 'receipt',
      counted: false,
      sentence: `There is no break-glass to cancel at “${gate().title}” (${run}).`,
    });
  });

  it('leaves the person’s own word at the gate to be said', async () => {
    const { say } = open(waiting);
    await say(`break-glass ${run} alone`);
    await say(`cancel-break-glass ${run}`, bob);

    expect(await say(`approve ${run}`, bob)).toMatchObject({ kind: 'receipt', counted: true });
  });
});
