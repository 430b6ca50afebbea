/** One person's yes that counts alone: after its delay, unless cancelled, on the same plan and facts, by who may at that moment. */
import { describe, expect, it } from 'vitest';
import { glassesOf, listLookAgainMs } from '../../src/engine/break-glass.ts';
import { fails, holds } from '../../src/engine/finding.ts';
import type { Decision } from '../../src/engine/journal.ts';
import { attest, destroy } from '../../src/engine/step.ts';
import type { DestroyStep } from '../../src/engine/step.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import { alice, engine } from './engine.ts';

const delayMs = 20_000;

/** A run at a gate that needs two people, of whom none is there. The gate expires after a minute. */
function lonely(overrides: Partial<DestroyStep> = {}) {
  const world = { facts: { down: 'etcd02' }, done: false, mayBreak: true, mayApprove: true };
  const run = engine([
    destroy('replace', 'Replace the data', {
      plan: async () => [{ on: 'etcd01', argv: ['mv', 'a', 'b'] }],
      loses: 'all of it',
      blastRadius: 'general',
      requires: async () => holds(),
      facts: async () => world.facts,
      run: async () => void (world.done = true),
      verify: async () => (world.done ? holds() : fails('not yet')),
      ...overrides,
    }),
  ]);
  Object.assign(run.deps.rules, {
    required: { general: 2, quorumLoss: 2 },
    mayApprove: async (by: string) => by !== alice && world.mayApprove,
    mayBreakGlass: async (by: string) => by === alice && world.mayBreak,
  });
  const speak = (verdict: Decision['verdict'], more: Partial<Decision> = {}) =>
    run.said.push({ verdict, by: alice, at: run.clock.now().toISOString(), ...more });
  const breakIt = (more: Partial<Decision> = {}) => speak('break-glass', { reason: 'alone on call', delayMs, ...more });
  return { ...run, world, speak, breakIt };
}

describe('a break-glass', () => {
  it('stands in the journal before it counts, and the run is looked at again when it does', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', until: '2026-11-22T03:00:20.000Z' });
    expect(run.entries.at(-1)).toMatchObject({
      type: 'gate-said',
      decision: { verdict: 'break-glass', by: alice, reason: 'alone on call' },
    });
    expect(run.world.done).toBe(false);
  });

  it('counts alone once its delay has run out, and the journal says that it was what approved', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    await run.once();
    run.clock.pass(delayMs);

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.view().gates).toMatchObject([
      { outcome: 'approved', decisions: [{ verdict: 'break-glass', by: alice, reason: 'alone on call', delayMs }] },
    ]);
    expect(run.entries.filter(({ type }) => type === 'gate-said')).toHaveLength(1);
  });

  it('has its delay from when the journal had it, should no worker have been there to record it', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    run.clock.pass(delayMs + 5_000);

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', until: '2026-11-22T03:00:45.000Z' });
    expect(run.world.done).toBe(false);
  });

  it('does not count when it was cancelled, and the cancellation stands in the journal', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    await run.once();
    run.speak('cancel-break-glass', { by: UserId.parse('U0MALLORY') });
    run.clock.pass(delayMs);

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting' });
    expect(came).not.toHaveProperty('until');
    expect(run.view().gates[0]?.said).toMatchObject([{ decision: { verdict: 'break-glass' } }, { decision: { by: 'U0MALLORY' } }]);
    expect(run.world.done).toBe(false);
  });

  it('may be broken again after that, with the whole delay anew', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    await run.once();
    run.speak('cancel-break-glass', { by: UserId.parse('U0MALLORY') });
    run.clock.pass(10_000);
    run.breakIt();

    expect(await run.once()).toMatchObject({ state: 'waiting', until: '2026-11-22T03:00:30.000Z' });
    run.clock.pass(delayMs);
    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('does not count of somebody who is off the list by then; the list is looked at again', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    await run.once();
    run.clock.pass(delayMs);
    run.world.mayBreak = false;

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', until: new Date(run.clock.now().getTime() + listLookAgainMs).toISOString() });
    expect(run.world.done).toBe(false);
  });

  it('is void with its gate when the facts moved meanwhile, and does not count at the new one', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    await run.once();
    run.clock.pass(delayMs);
    run.world.facts = { down: 'none' };

    const came = await run.once();

    expect(run.view().gates).toMatchObject([
      { outcome: 'voided', difference: 'down: was etcd02, is none', decisions: [{ verdict: 'break-glass' }] },
      {},
    ]);
    expect(came).toMatchObject({ state: 'waiting', gate: { facts: { down: 'none' } } });
    expect(run.world.done).toBe(false);
  });

  it('never counts when it would only after the expiry of its gate', async () => {
    const run = lonely();
    await run.once();
    run.clock.pass(45_000);
    run.breakIt();
    await run.once();
    run.clock.pass(delayMs);

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'expired' });
    expect(run.world.done).toBe(false);
  });

  it('gives way to a no', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    run.speak('reject', { by: UserId.parse('U0BOB') });

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'rejected' });
  });

  it('is not needed when enough approve meanwhile', async () => {
    const run = lonely();
    await run.once();
    run.breakIt();
    run.say('approve', 'U0BOB');
    run.say('approve', 'U0CAROL');

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.view().gates[0]?.decisions.map(({ verdict }) => verdict)).toEqual(['approve', 'approve']);
  });

  it.each([
    ['without a reason', {}, { reason: '' }],
    ['without a delay', {}, { delayMs: 0 }],
    ['without the name of the cluster where it is asked for', { blastRadius: 'quorumLoss' }, {}],
    ['with the name of another cluster', { blastRadius: 'quorumLoss' }, { typed: 'staging' }],
    ['at a step that need not be done', { otherwise: 'It stays.' }, {}],
  ] as const)('does not count %s, though a front let it through', async (_what, step, word) => {
    const run = lonely(step);
    await run.once();
    run.breakIt(word);
    await run.once();
    run.clock.pass(delayMs + 1);

    expect(await run.once()).toMatchObject({ state: 'waiting' });
    expect(run.world.done).toBe(false);
  });

  it('counts with the name of the cluster typed where quorum is at stake', async () => {
    const run = lonely({ blastRadius: 'quorumLoss' });
    await run.once();
    run.breakIt({ typed: ClusterName.parse('demo') });
    await run.once();
    run.clock.pass(delayMs);

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('attests too, and the step says that it was one person alone', async () => {
    const run = engine([
      attest('gone', 'Attest', { needed: async () => fails('not to be seen'), states: 'It is off.', facts: async () => ({}) }),
    ]);
    await run.once();
    run.said.push({ verdict: 'break-glass', by: alice, reason: 'alone', delayMs, typed: 'demo', at: run.clock.now().toISOString() });
    await run.once();
    run.clock.pass(delayMs);

    await run.once();

    expect(run.view().steps).toMatchObject([{ state: 'done', note: `Attested by ${alice} (break-glass of ${alice}: alone): It is off.` }]);
  });
});

describe('an approval that was recorded by a worker that died', () => {
  /** Approved in the journal, with nothing begun. */
  const approvedOnly = async () => {
    const run = lonely();
    await run.once();
    run.say('approve', 'U0BOB');
    run.say('approve', 'U0CAROL');
    const gateId = run.view().openGate?.gateId ?? '';
    await run.deps.journal.append({ type: 'gate-settled', gateId, outcome: 'approved', decisions: [...run.said] });
    return run;
  };

  it('is acted on by the next worker', async () => {
    const run = await approvedOnly();

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('is void when who gave it may not approve any more, and it is asked anew', async () => {
    const run = await approvedOnly();
    run.world.mayApprove = false;
    run.said.length = 0;

    const came = await run.once();

    expect(run.view().gates).toMatchObject([{ outcome: 'voided', difference: 'who approved it may not do so any more' }, {}]);
    expect(came).toMatchObject({ state: 'waiting' });
    expect(run.world.done).toBe(false);
  });

  it('is void when nobody acted on it until long after its expiry', async () => {
    const run = await approvedOnly();
    run.said.length = 0;
    run.clock.pass(10 * 60_000);

    await run.once();

    expect(run.view().gates).toMatchObject([{ outcome: 'voided', difference: 'nobody was there to act on it in time' }, {}]);
    expect(run.world.done).toBe(false);
  });
});

describe('a yes of somebody who may not approve now', () => {
  it('does not count, and is looked at again, because a group may have been unreadable for a moment', async () => {
    const run = lonely();
    await run.once();
    run.say('approve', 'U0BOB');
    run.say('approve', 'U0CAROL');
    run.world.mayApprove = false;

    const refused = await run.once();
    run.world.mayApprove = true;

    expect(refused).toMatchObject({ state: 'waiting', until: '2026-11-22T03:01:00.000Z' });
    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });
});

describe('glassesOf', () => {
  const at = '2026-11-22T03:00:00.000Z';
  const broke: Decision = { verdict: 'break-glass', by: alice, reason: 'why', delayMs: 1_000, at };

  it('tells what became of each', () => {
    const words = [broke, { verdict: 'cancel-break-glass', by: UserId.parse('U0BOB'), at }, broke] as const;

    expect(glassesOf(words.map((decision) => ({ decision, at })))).toMatchObject([
      { by: alice, takesEffectAt: '2026-11-22T03:00:01.000Z', cancelledBy: 'U0BOB' },
      { by: alice, reason: 'why' },
    ]);
  });
});
