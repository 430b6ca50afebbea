/** Breaking the glass on a real Redis: recorded atomically, wakes its run when it counts, and a cancellation that came first wins. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/engine/journal.ts';
import { alice, bench, bob, prod } from './bench.ts';
import type { Bench } from './bench.ts';
import { acted, scripted } from './fixtures/scripted.ts';
import { until } from './until.ts';

/** Short, because it is waited for. */
const delayMs = 700;
/** Long enough for a cancellation to come before it is over, also over a stall. */
const cancellableMs = 2_500;
/** Longer than a gate of this file is open. */
const endLimitMs = 20_000;

describe('a break-glass', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const breakGlass = (gateId: string, overrides: Partial<Decision> = {}) =>
    on.runs.decide(gateId, { verdict: 'break-glass', by: alice, reason: 'alone on call', delayMs, ...overrides });
  const cancel = (gateId: string) => on.runs.decide(gateId, { verdict: 'cancel-break-glass', by: bob });
  const announced = (runId: Parameters<Bench['gate']>[0], count: number) =>
    until(`${count} words are in the journal`, async () => (await on.runs.view(runId)).gates[0]?.said?.length === count);

  it('wakes its run when it counts, and carries it on alone', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }), lookEveryMs: 600_000 });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);

    const brokenAt = Date.now();
    const receipt = await breakGlass(gate.gateId);

    expect(receipt).toMatchObject({ state: 'recorded' });
    expect(await on.ended(run.runId)).toMatchObject({
      outcome: 'completed',
      gates: [{ outcome: 'approved', decisions: [{ verdict: 'break-glass', by: alice, reason: 'alone on call' }] }],
    });
    const settled = (await on.runs.journal(run.runId)).find(({ type }) => type === 'gate-settled');
    expect(Date.parse(settled?.at ?? '')).toBeGreaterThanOrEqual(brokenAt + delayMs);
  });

  it('counts although the worker that recorded it is gone', async () => {
    const first = on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);
    await breakGlass(gate.gateId);
    await announced(run.runId, 1);
    await first.close({ deadlineMs: 2_000 });

    on.worker({ advance: scripted({ redis: on.probe, required: 2 }), lookEveryMs: 600_000 });

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed', gates: [{ said: [{ decision: { by: alice } }] }] });
  });

  it('does not count once it is cancelled, and both words stand in the journal', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2, approvalExpiresAfterMs: 6_000 }), lookEveryMs: 100 });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);
    await breakGlass(gate.gateId, { delayMs: cancellableMs });

    const receipt = await cancel(gate.gateId);

    expect(receipt).toMatchObject({ state: 'recorded' });
    await announced(run.runId, 2);
    expect(await on.ended(run.runId, endLimitMs)).toMatchObject({ outcome: 'expired' });
    expect(await on.probe.llen(acted)).toBe(0);
  });

  it('gives way to a cancellation that is recorded while its gate is being settled', async () => {
    let hold: (() => void) | undefined;
    const inner = scripted({ redis: on.probe, required: 2, approvalExpiresAfterMs: 6_000 });
    on.worker({
      lookEveryMs: 100,
      advance: (context) =>
        inner({
          ...context,
          journal: {
            entries: () => context.journal.entries(),
            append: async (event) => {
              if (event.type === 'gate-settled' && event.outcome === 'approved' && hold === undefined)
                await new Promise<void>((resolve) => (hold = resolve));
              return context.journal.append(event);
            },
          },
        }),
    });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);
    await breakGlass(gate.gateId);
    await until('it is about to be settled', () => hold !== undefined);

    expect(await cancel(gate.gateId)).toMatchObject({ state: 'recorded' });
    hold?.();

    await announced(run.runId, 2);
    expect(await on.ended(run.runId, endLimitMs)).toMatchObject({ outcome: 'expired' });
    expect(await on.probe.llen(acted)).toBe(0);
  });

  it('cannot be cancelled once its gate is settled, and that is said', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);
    await breakGlass(gate.gateId, { delayMs: 1 });
    await on.ended(run.runId);

    expect(await cancel(gate.gateId)).toEqual({ state: 'closed', how: 'approved' });
  });

  it('stands once, is no one’s one word, and can be broken again after a cancellation', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);
    const late = { delayMs: 60_000 };

    expect(await cancel(gateId)).toEqual({ state: 'nothing' });
    expect(await on.runs.decide(gateId, { verdict: 'approve', by: alice })).toMatchObject({ state: 'recorded', approvals: 1 });
    expect(await breakGlass(gateId, late)).toMatchObject({ state: 'recorded' });
    expect(await breakGlass(gateId, { ...late, by: bob })).toMatchObject({ state: 'forestalled', earlier: { by: alice } });
    expect(await cancel(gateId)).toMatchObject({ state: 'recorded' });
    expect(await cancel(gateId)).toEqual({ state: 'nothing' });
    expect(await breakGlass(gateId, { ...late, by: bob })).toMatchObject({ state: 'recorded' });
    expect(await on.runs.decide(gateId, { verdict: 'approve', by: bob })).toMatchObject({ state: 'recorded', approvals: 2 });
    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });

  it('is one of two at once', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);

    const receipts = await Promise.all([alice, bob, alice, bob].map((by) => breakGlass(gateId, { by, delayMs: 60_000 })));

    expect(receipts.filter(({ state }) => state === 'recorded')).toHaveLength(1);
    expect(await on.probe.llen(`medic:said:${gateId}`)).toBe(1);
  });

  it('does not put off the expiry of its gate: a yes that does not count now is looked at again, and no later than that', async () => {
    const mayApprove = () => Promise.resolve(false);
    on.worker({ advance: scripted({ redis: on.probe, approvalExpiresAfterMs: 4_000, mayApprove }), lookEveryMs: 600_000 });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);

    await on.runs.decide(gateId, { verdict: 'approve', by: bob });

    expect(await on.ended(run.runId, endLimitMs)).toMatchObject({ outcome: 'expired' });
  });

  it('fits an approval only', async () => {
    on.worker();
    const run = await on.begin(['choose']);
    const { gateId } = await on.gate(run.runId);

    await expect(breakGlass(gateId)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a yes that takes the name of the cluster', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it.each([undefined, 'Prod', 'staging'])('is not recorded with %s, and is not the person’s one word', async (typed) => {
    on.worker();
    const run = await on.begin(['attest']);
    const { gateId, confirm } = await on.gate(run.runId);
    const said = { verdict: 'approve', by: alice } as const;

    await expect(on.runs.decide(gateId, { ...said, ...(typed !== undefined && { typed }) })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: "This gate takes approve only with the cluster's name, prod, typed.",
    });

    expect(confirm).toBe(prod);
    expect(await on.runs.decide(gateId, { ...said, typed: prod })).toMatchObject({ state: 'recorded', approvals: 1 });
    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });
});
