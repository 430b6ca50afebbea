import { describe, expect, it } from 'vitest';
import { fails, holds } from '../../src/engine/finding.ts';
import { change, check, choose } from '../../src/engine/step.ts';
import type { Choices, Offer, Option } from '../../src/engine/step.ts';
import { OpsError } from '../../src/errors.ts';
import { engine } from './engine.ts';

const start: Option = { id: 'start', title: 'Start what is intact', detail: 'Nothing is lost; about a minute.', possible: true };
const snapshot: Option = { id: 'snapshot', title: 'Put back a snapshot', detail: 'Lost: 40 revisions.', possible: true };
const survivor: Option = { id: 'survivor', title: 'Rebuild from etcd01', detail: 'etcd01 is down.', possible: false };

/** A run that looks, asks which way, and goes it. */
function crossroads(first: Partial<Offer> = {}) {
  const offer: { now: Offer | Error } = {
    now: {
      question: 'Two of three are down. Which way?',
      facts: { down: 'etcd02, etcd03' },
      options: [start, snapshot, survivor],
      ...first,
    },
  };
  const went: string[] = [];
  const given: Choices[] = [];
  const steps = (_prepared: unknown, choices: Choices) => {
    const way = choices['which-way'];
    return [
      check('look', 'Look', async () => holds()),
      choose('which-way', 'Choose the way', {
        offer: async () => {
          if (offer.now instanceof Error) throw offer.now;
          return offer.now;
        },
      }),
      ...(way === undefined
        ? []
        : [
            change(`go-${way}`, `Go by ${way}`, {
              plan: async () => [{ on: 'etcd01', argv: ['true'] }],
              run: async () => void went.push(way),
              verify: async () => (went.includes(way) ? holds() : fails('not gone yet')),
            }),
          ]),
    ];
  };
  const run = engine(steps, {
    script: {
      prepare: async () => ({ prepared: {}, summary: 'a crossroads' }),
      steps,
      conclude: async (_prepared, choices) => (given.push(choices), 'There.'),
      abandon: async (_prepared, choices) => (given.push(choices), 'Left as it was.'),
    },
  });
  const plan = () => run.deps.run;
  return { ...run, offer, went, given, plan };
}

describe('choose', () => {
  it('waits with every way there is, the impossible ones with their reason', async () => {
    const run = crossroads();

    const came = await run.once();

    expect(came).toMatchObject({
      state: 'waiting',
      gate: {
        kind: 'choice',
        reason: 'Two of three are down. Which way?',
        facts: { down: 'etcd02, etcd03' },
        options: [start, snapshot, survivor],
        plan: [],
        expiresAt: '2026-11-22T03:01:00.000Z',
      },
    });
    expect(run.view().steps).toMatchObject([
      { id: 'look', state: 'done' },
      { id: 'which-way', state: 'waiting' },
    ]);
  });

  it('goes the way that was chosen, with its steps in the checklist', async () => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', 'snapshot');

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.went).toEqual(['snapshot']);
    expect(run.view().steps).toMatchObject([
      { id: 'look', state: 'done' },
      { id: 'which-way', state: 'done', note: 'Chosen by U0BOB: Put back a snapshot' },
      { id: 'go-snapshot', title: 'Go by snapshot', kind: 'change', state: 'done' },
    ]);
    expect(run.view().gates).toMatchObject([{ outcome: 'chosen', decisions: [{ by: 'U0BOB', option: 'snapshot' }] }]);
    expect(run.given).toEqual([{ 'which-way': 'snapshot' }]);
  });

  it('shows the new checklist before the first of the new steps begins', async () => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', 'start');
    await run.once();

    const settled = run.entries.find((entry) => entry.type === 'step-settled' && entry.stepId === 'which-way');

    expect(settled).toMatchObject({
      chosen: { option: 'start', steps: [{ id: 'look' }, { id: 'which-way', kind: 'choose' }, { id: 'go-start', kind: 'change' }] },
    });
  });

  it('asks also when only one way is possible', async () => {
    const run = crossroads({ options: [start, survivor] });

    expect(await run.once()).toMatchObject({ state: 'waiting', gate: { kind: 'choice' } });
  });

  it('counts the first of two choices', async () => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', 'snapshot');
    run.say('choose', 'U0CAROL', 'start');

    await run.once();

    expect(run.went).toEqual(['snapshot']);
  });

  it.each([
    ['of an option that is not possible', 'survivor'],
    ['of an option that is not offered', 'prayer'],
  ])('does not count a choice %s', async (_what, option) => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', option);

    expect(await run.once()).toMatchObject({ state: 'waiting', gate: { kind: 'choice' } });
  });

  it('counts a choice that is still offered as it was, whatever else moved', async () => {
    const run = crossroads();
    await run.once();
    run.offer.now = { question: 'Which way?', facts: { down: 'etcd03' }, options: [{ ...survivor, possible: true }, start] };
    run.say('choose', 'U0BOB', 'start');

    await run.once();

    expect(run.went).toEqual(['start']);
  });

  it.each<[string, readonly Option[], string]>([
    [
      'is not possible any more',
      [{ ...start, possible: false, detail: 'etcd01 is gone.' }, snapshot],
      'was possible: Start what is intact. Nothing is lost; about a minute.\nis not possible: Start what is intact. etcd01 is gone.\nno longer offered: Rebuild from etcd01',
    ],
    [
      'does something else now',
      [{ ...start, detail: 'Lost: 3 revisions.' }, snapshot, survivor],
      'was possible: Start what is intact. Nothing is lost; about a minute.\nis possible: Start what is intact. Lost: 3 revisions.',
    ],
    ['is not offered any more', [snapshot, survivor], 'no longer offered: Start what is intact'],
  ])('voids a choice that %s, says what moved and asks anew', async (_what, options, difference) => {
    const run = crossroads();
    await run.once();
    run.offer.now = { question: 'Which way?', facts: { down: 'etcd02, etcd03' }, options };
    run.say('choose', 'U0BOB', 'start');

    const came = await run.once();

    expect(run.view().gates).toMatchObject([{ outcome: 'voided', difference, decisions: [{ by: 'U0BOB' }] }, {}]);
    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'choice', options } });
    expect(run.went).toEqual([]);
  });

  it('fails with every reason when no way is possible, and looks again on Retry', async () => {
    const run = crossroads({ options: [survivor, { ...snapshot, possible: false, detail: 'There is no snapshot.' }] });
    const stuck = await run.once();
    run.offer.now = { question: 'Which way?', facts: {}, options: [start] };
    run.say('retry');

    const came = await run.once();

    expect(stuck).toMatchObject({
      state: 'waiting',
      gate: {
        kind: 'failure',
        reason: 'There is no way to go on now.\nRebuild from etcd01: etcd01 is down.\nPut back a snapshot: There is no snapshot.',
      },
    });
    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'choice', options: [start] } });
  });

  it('voids a choice that cannot be looked at again, and has one open gate', async () => {
    const run = crossroads();
    await run.once();
    run.offer.now = new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer.');
    run.say('choose', 'U0BOB', 'start');

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', gate: { kind: 'failure', reason: 'etcd01 does not answer.' } });
    expect(run.view().gates.map(({ outcome }) => outcome)).toEqual(['voided', undefined]);
  });

  it('ends the run when nobody chooses, having tidied up', async () => {
    const run = crossroads();
    await run.once();
    run.clock.pass(60_000);

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'expired' });
    expect(run.view().conclusion).toBe('“Choose the way”: nobody chose in time. Nothing was changed.\nLeft as it was.');
    expect(run.given).toEqual([{}]);
  });

  it('ends the run when somebody aborts, though a way was chosen too', async () => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', 'start');
    run.say('abort', 'U0CAROL');

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'aborted' });
    expect(run.went).toEqual([]);
  });

  it('refuses steps that depend on a choice which stands behind them', async () => {
    const run = crossroads();
    await run.once();
    run.say('choose', 'U0BOB', 'start');
    const { steps } = run.deps.script;
    Object.assign(run.deps.script, {
      steps: (prepared: unknown, choices: Choices) => steps(prepared, choices).slice('which-way' in choices ? 1 : 0),
    });

    const came = await run.once();

    expect(came).toMatchObject({
      gate: {
        kind: 'failure',
        reason: expect.stringContaining('the steps up to which-way must not depend on what is chosen there') as string,
      },
    });
  });

  it.each([
    ['that repeat', [start, { ...snapshot, id: 'start' }]],
    ['that no button could carry', [{ ...start, id: 'Start it!' }]],
  ])('refuses ids of options %s', async (_what, options) => {
    const run = crossroads({ options });

    expect(await run.once()).toMatchObject({
      gate: { kind: 'failure', reason: expect.stringContaining('kebab-case and unique') as string },
    });
  });

  it('shows in a plan the ways there are, and ends there', async () => {
    const run = crossroads();
    Object.assign(run.deps.run, { mode: 'plan' });

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'planned' });
    expect(run.view().conclusion).toContain('the rest depends on what is chosen');
    expect(run.view().steps[1]).toMatchObject({
      state: 'planned',
      note: [
        'Waits for a choice. Two of three are down. Which way?',
        'Possible: Start what is intact. Nothing is lost; about a minute.',
        'Possible: Put back a snapshot. Lost: 40 revisions.',
        'Not possible: Rebuild from etcd01. etcd01 is down.',
        'down: etcd02, etcd03',
      ].join('\n'),
    });
  });
});
