import { describe, expect, it } from 'vitest';
import { fails, holds } from '../../src/engine/finding.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { attest, check } from '../../src/engine/step.ts';
import type { Facts } from '../../src/engine/step.ts';
import { alice, engine } from './engine.ts';

const states = 'etcd03’s host is switched off and will not come back by itself.';

/** A run that needs somebody's word. */
function vouching(options: { quorumLoss?: number } = {}) {
  const world: { needed: Finding; facts: Facts } = {
    needed: fails('etcd03 answers neither etcd nor ssh; from here a cut network looks the same.'),
    facts: { etcd03: 'does not answer' },
  };
  let went = false;
  const run = engine([
    attest('gone-for-good', 'Attest that etcd03 is gone', { needed: async () => world.needed, states, facts: async () => world.facts }),
    check('go-on', 'Go on', async () => ((went = true), holds())),
  ]);
  Object.assign(run.deps.rules, {
    required: { general: 1, quorumLoss: options.quorumLoss ?? 1 },
    mayApprove: async (by: string) => by !== alice,
  });
  return { ...run, world, went: () => went };
}

describe('attest', () => {
  it('asks approvers for the sentence, says why, and goes on with nothing until then', async () => {
    const run = vouching({ quorumLoss: 2 });

    const came = await run.once();

    expect(came).toMatchObject({
      state: 'waiting',
      gate: {
        kind: 'approval',
        attests: states,
        reason: 'etcd03 answers neither etcd nor ssh; from here a cut network looks the same.',
        plan: [],
        facts: { etcd03: 'does not answer' },
        required: 2,
      },
    });
    expect(run.went()).toBe(false);
  });

  it('is settled by the word of enough approvers, and says whose word it was', async () => {
    const run = vouching({ quorumLoss: 2 });
    await run.once();
    run.say('approve', 'U0BOB');
    const one = await run.once();
    run.say('approve', alice);
    const asker = await run.once();
    run.say('approve', 'U0CAROL');

    const came = await run.once();

    expect(one.state).toBe('waiting');
    expect(asker.state).toBe('waiting');
    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.view().steps[0]).toMatchObject({ state: 'done', note: `Attested by U0BOB and U0CAROL: ${states}` });
    expect(run.view().gates).toMatchObject([{ outcome: 'approved' }]);
    expect(run.entries.some(({ type }) => type === 'command')).toBe(false);
  });

  it('asks for the name of the cluster, and does not count a word without it', async () => {
    const run = vouching();
    const asked = await run.once();
    run.say('approve', 'U0BOB', undefined, 'demon');

    const came = await run.once();

    expect(asked).toMatchObject({ gate: { confirm: 'demo' } });
    expect(came).toMatchObject({ state: 'waiting' });
    expect(run.went()).toBe(false);
  });

  it('asks nobody when there is nothing to attest', async () => {
    const run = vouching();
    run.world.needed = holds('etcd03 is powered off, as its host’s controller says.');

    await run.once();

    expect(run.view().steps[0]).toMatchObject({ state: 'already-true', note: 'etcd03 is powered off, as its host’s controller says.' });
    expect(run.view().gates).toEqual([]);
  });

  it('withdraws what it asked when it need not be attested any more', async () => {
    const run = vouching();
    await run.once();
    run.world.needed = holds();

    await run.once();

    expect(run.view().gates).toMatchObject([{ outcome: 'voided', difference: 'nothing need be attested any more' }]);
    expect(run.view().steps[0]).toMatchObject({ state: 'already-true' });
  });

  it('does not count a word given on facts that moved, and asks anew', async () => {
    const run = vouching();
    await run.once();
    run.world.facts = { etcd03: 'answers ssh' };
    run.say('approve');

    const came = await run.once();

    expect(run.view().gates).toMatchObject([{ outcome: 'voided', difference: 'etcd03: was does not answer, is answers ssh' }, {}]);
    expect(came).toMatchObject({ state: 'waiting', gate: { attests: states } });
    expect(run.went()).toBe(false);
  });

  it('counts a word although the reason for asking is worded differently now', async () => {
    const run = vouching();
    await run.once();
    run.world.needed = fails('etcd03 has not answered for 7 minutes.');
    run.say('approve');

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it.each([
    ['rejected', 'was rejected'],
    ['expired', 'was not approved in time'],
  ] as const)('ends the run when it is %s', async (outcome, words) => {
    const run = vouching();
    await run.once();
    if (outcome === 'rejected') run.say('reject');
    else run.clock.pass(60_000);

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome });
    expect(run.view().conclusion).toContain(
      `“Attest that etcd03 is gone” ${words}. It was not attested, and nothing that rests on it was done.`,
    );
  });

  it('shows in a plan what would be attested', async () => {
    const run = vouching();
    Object.assign(run.deps.run, { mode: 'plan' });

    await run.once();

    expect(run.view().steps[0]).toMatchObject({
      state: 'planned',
      note: `Waits for approvers to attest: ${states}\nWhy: etcd03 answers neither etcd nor ssh; from here a cut network looks the same.\netcd03: does not answer`,
    });
  });
});
