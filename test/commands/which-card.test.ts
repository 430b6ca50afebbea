/** A typed word answers the card it names; without a code only the one it must mean. */
import { describe, expect, it } from 'vitest';
import { gateCode } from '../../src/engine/gate-code.ts';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { choosing, recovery } from '../slack/crossroads.ts';
import { gate, request } from '../slack/fakes.ts';
import { approved, ended, failed, optional, waiting } from '../slack/story.ts';
import { alice, bob, open, person } from './open-desk.ts';

const run = request().runId;
const [first, second, third] = [1, 2, 3].map((number) => gateCode(`${run}.${number}`));
const deleting = 'Delete the old data-dirs for good';
const carol = person('U0CAROL');

describe('a word with the code of a card', () => {
  it.each([
    ['in a channel', `approve ${run} ${third}`],
    ['as a phone writes it', `Approve ${run} ${String(third).toUpperCase()}.`],
    ['before the run', `approve ${third} ${run}`],
  ])('is taken for that card, %s', async (_where, words) => {
    const { say, runs } = open(optional);

    expect(await say(words, bob)).toMatchObject({
      kind: 'receipt',
      counted: true,
      sentence: `Your approval of “${deleting}” (${run}) is recorded.`,
    });
    expect(runs.calls).toEqual([{ method: 'decide', args: [`${run}.3`, { verdict: 'approve', by: 'U0BOB' }] }]);
  });

  it('is enough in the thread of the run', async () => {
    const { desk, runs } = open(optional);

    expect(await desk.take({ words: `approve ${third}`, prefix: '@etcd-medic', run }, bob)).toMatchObject({ counted: true });
    expect(runs.calls).toMatchObject([{ args: [`${run}.3`, {}] }]);
  });

  it('is never taken for the card that came after it: the old data stays', async () => {
    const { say, runs } = open(optional);

    for (const words of [`approve ${run} ${first}`, `reject ${run} ${first}`, `break-glass ${run} ${first} alone on call`])
      expect(await say(words, words.startsWith('break') ? alice : carol)).toMatchObject({
        kind: 'refused',
        code: 'GATE_CLOSED',
        sentence: `Card ${first}, “${gate().title}”, is settled already (approved at 03:12:29 UTC); nothing was recorded.`,
        next: `Open now is “${deleting}”. Read that card, then say \`approve ${run} ${third}\` or \`reject ${run} ${third}\`.`,
      });
    expect(await say(`abort ${run} ${second}`)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
    expect(await say(`retry ${run} ${second}`)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
    expect(runs.calls).toEqual([]);
  });

  it('is refused while no card is open, and where the run has no such card', async () => {
    for (const word of ['approve', 'abort'])
      expect(await open(approved).say(`${word} ${run} ${first}`, bob)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
    const other = ['2a', '3a', '4a'].find((code) => ![first, second, third].includes(code)) ?? '';

    expect(await open(optional).say(`approve ${run} ${other}`, bob)).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: `\`${other}\` is the code of no card of ${run}; nothing was recorded.`,
    });
    expect(await open(ended).say(`approve ${run} ${third}`, bob)).toMatchObject({ kind: 'refused', code: 'GATE_CLOSED' });
  });

  it.each([
    [`approve ${run} 70`, '`70` is no code of a card'],
    [`reject ${run} 1k`, '`1k` is no code of a card'],
    [`approve ${run} 7k 8j`, 'Two codes were typed'],
  ])('“%s” says what a code is', async (words, sentence) => {
    expect(await open(optional).say(words, bob)).toMatchObject({
      kind: 'refused',
      code: 'INPUT_INVALID',
      sentence: expect.stringContaining(sentence) as string,
      next: expect.stringContaining('[code]') as string,
    });
  });
});

describe('a word without a code', () => {
  it('is taken for the only card that ever took it', async () => {
    expect(await open(waiting).say(`approve ${run}`, bob)).toMatchObject({ counted: true });
    expect(await open(waiting).say(`reject ${run}`, bob)).toMatchObject({ counted: true });
    expect(await open(failed).say(`retry ${run}`)).toMatchObject({ counted: true });
    expect(await open(choosing, recovery()).say(`choose ${recovery().runId} start`)).toMatchObject({ counted: true });
  });

  it.each([
    ['a yes', 'approve', bob],
    ['a no', 'reject', bob],
  ])('is refused as %s at a second card: it may have been meant for the first', async (_what, word, by) => {
    const { say, desk, runs } = open(optional);

    for (const reply of [await say(`${word} ${run}`, by), await desk.take({ words: word, prefix: '@etcd-medic', run }, by)])
      expect(reply).toMatchObject({
        kind: 'refused',
        code: 'INPUT_INVALID',
        sentence: `${run} has had more than one card that takes \`${word}\`, so the code of the card must be typed with it. Nothing was recorded.`,
        next: `Open now is “${deleting}”. Read that card, then say \`approve ${run} ${third}\` or \`reject ${run} ${third}\`.`,
      });
    expect(runs.calls).toEqual([]);
  });

  it('is refused where the same step asks once more, because the plan has moved', async () => {
    const again: readonly JournalEvent[] = [
      ...waiting,
      { type: 'gate-settled', gateId: gate().gateId, outcome: 'voided', decisions: [] },
      { type: 'gate-opened', gate: gate({ gateId: `${run}.2` }) },
    ];
    const { say, runs } = open(again);

    expect(await say(`approve ${run}`, bob)).toMatchObject({ kind: 'refused', code: 'INPUT_INVALID' });
    expect(await say(`break-glass ${run} alone`)).toMatchObject({ kind: 'refused', code: 'INPUT_INVALID' });
    expect(runs.calls).toEqual([]);
  });

  it('is refused after a second failure, where it may have been meant for the first', async () => {
    const again = [
      ...failed,
      { type: 'gate-settled', gateId: `${run}.2`, outcome: 'retried', decisions: [] } as const,
      {
        type: 'gate-opened',
        gate: gate({ gateId: `${run}.3`, kind: 'failure', stepId: 'start', title: 'Start etcd on 3 hosts' }),
      } as const,
    ];

    expect(await open(again).say(`retry ${run}`)).toMatchObject({ kind: 'refused', code: 'INPUT_INVALID' });
  });

  it('is refused before anybody can have read the card, and taken afterwards', async () => {
    const young = waiting.map((event) =>
      event.type === 'gate-opened' ? { ...event, gate: gate({ openedAt: '2026-11-22T03:19:55.000Z' }) } : event,
    );
    const { say, clock, runs } = open(young);

    expect(await say(`approve ${run}`, bob)).toMatchObject({
      kind: 'refused',
      sentence: `The card of “${gate().title}” came less than 10 seconds ago: read it, and type its code with \`approve\`. Nothing was recorded.`,
    });
    expect(runs.calls).toEqual([]);
    clock.forward(5_000);
    expect(await say(`approve ${run}`, bob)).toMatchObject({ counted: true });
  });

  it('is about the run when it is `abort`, unless another card was settled within the minute', async () => {
    const recent = open(optional);
    // The clock stands at 03:20:00; the card before this one was settled seconds before.
    recent.clock.forward(-7 * 60_000);

    expect(await recent.say(`abort ${run}`)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringMatching(
        /^Card \w\w, “Start etcd on 3 hosts”, is settled already \(retried at .* UTC\), so `abort` takes the code/,
      ) as string,
    });
    expect(recent.runs.calls).toEqual([]);
    expect(await recent.say(`abort ${run} ${third}`)).toMatchObject({ counted: true });
    expect(await open(optional).say(`abort ${run}`)).toMatchObject({
      counted: true,
      sentence: `The abort of ${run} is recorded. It ends where it waits, at “${deleting}”.`,
    });
    expect(await open(approved).say(`abort ${run}`)).toMatchObject({
      counted: true,
      sentence: `The abort of ${run} is recorded. It ends before its next step; “Start etcd on 3 hosts”, which runs now, is finished first.`,
    });
  });

  it('always cancels a break-glass', async () => {
    const again: readonly JournalEvent[] = [
      ...waiting,
      { type: 'gate-settled', gateId: gate().gateId, outcome: 'voided', decisions: [] },
      { type: 'gate-opened', gate: gate({ gateId: `${run}.2` }) },
    ];
    const { say } = open(again);
    await say(`break-glass ${run} ${second} alone on call`);

    expect(await say(`cancel-break-glass ${run}`, bob)).toMatchObject({ kind: 'receipt', counted: true });
  });
});

describe('a break-glass whose reason begins with the name of the cluster', () => {
  it('is refused where no name is asked for: it was meant for a step that asks for one', async () => {
    const { say, runs } = open(waiting);

    expect(await say(`break-glass ${run} ${first} prod is down`)).toMatchObject({
      kind: 'refused',
      sentence: `“${gate().title}” asks for no name, so \`prod\` was meant for another step; nothing was recorded.`,
    });
    expect(runs.calls).toEqual([]);
  });
});
