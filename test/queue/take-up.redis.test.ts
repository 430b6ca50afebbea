/** A run waits at its gate, hears what people say whenever they say it, and goes on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bench, bob, prod, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { acted, go, scripted } from './fixtures/scripted.ts';
import { until } from './until.ts';

describe('a run at a gate', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('waits as a delayed job, goes on when it is approved, and acts once', async () => {
    on.worker();
    const run = await on.begin(['work', 'gate', 'work']);
    const gate = await on.gate(run.runId);
    expect(await on.probe.lrange(acted, 0, -1)).toEqual([`${run.runId} work-0`]);

    const receipt = await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice });

    expect(receipt).toEqual({ state: 'recorded', approvals: 1, required: 1 });
    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed', conclusion: 'done' });
    expect(await on.probe.lrange(acted, 0, -1)).toEqual(['work-0', 'gate-1', 'work-2'].map((step) => `${run.runId} ${step}`));
  });

  it('hears a decision that comes after the gate opened and before the job is moved to delayed', async () => {
    const engine = scripted({ redis: on.probe });
    on.worker({
      advance: async (context) => {
        const advance = await engine(context);
        // The worker has yet to put the run to wait: the click finds a job that cannot be promoted.
        if (advance.state === 'waiting') await on.runs.decide(advance.gate.gateId, { verdict: 'approve', by: alice });
        return advance;
      },
    });

    const run = await on.begin(['gate']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });

  it('looks by itself when the wake of a decision was lost', async () => {
    on.worker({ lookEveryMs: 200 });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);

    const decision = { verdict: 'approve', by: alice, at: new Date().toISOString() };
    await on.probe.rpush(`medic:said:${gate.gateId}`, JSON.stringify(decision));

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });

  it('ends as expired when nobody answers', async () => {
    on.worker({ advance: scripted({ redis: on.probe, approvalExpiresAfterMs: 300 }) });

    const run = await on.begin(['gate']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'expired' });
    expect(await on.probe.llen(acted)).toBe(0);
  });

  it('does not carry the engine through its gate when it is woken without news', async () => {
    let advances = 0;
    const engine = scripted({ redis: on.probe });
    on.worker({ advance: (context) => ((advances += 1), engine(context)) });
    const run = await on.begin(['gate']);
    await on.gate(run.runId);

    await (await on.queues.runs.getJob(run.runId))?.promote();
    await on.gate(run.runId);

    expect(advances).toBe(1);
  });

  it('settles again when somebody speaks while the gate is being settled', async () => {
    const engine = scripted({ redis: on.probe });
    let late: Promise<unknown> | undefined;
    const complaints: string[] = [];
    on.worker({
      log: { ...silent, error: (_details, message) => void complaints.push(message) },
      advance: (context) => {
        const append: typeof context.journal.append = async (event) => {
          if (event.type === 'gate-settled' && late === undefined) {
            late = on.runs.decide(event.gateId, { verdict: 'reject', by: bob });
            await late;
          }
          return context.journal.append(event);
        };
        return engine({ ...context, journal: { ...context.journal, append } });
      },
    });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);

    await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice });

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'rejected' });
    expect(await late).toMatchObject({ state: 'recorded' });
    expect(complaints).toEqual([]);
    expect(await on.probe.llen(acted)).toBe(0);
  });

  it('tries a failed step again when told to', async () => {
    on.worker();
    const run = await on.begin(['fail']);
    const gate = await on.gate(run.runId);
    expect(gate).toMatchObject({ kind: 'failure' });
    await on.probe.set(go, '1');

    await expect(on.runs.decide(gate.gateId, { verdict: 'approve', by: alice })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await on.runs.decide(gate.gateId, { verdict: 'retry', by: alice });

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });
});

describe('a run at a choice', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('goes the way that was chosen, and shows the steps that follow from it', async () => {
    on.worker();
    const run = await on.begin(['choose', 'work']);
    const gate = await on.gate(run.runId);

    await on.runs.decide(gate.gateId, { verdict: 'choose', option: 'right', by: alice });

    const view = await on.ended(run.runId);
    expect(gate).toMatchObject({ kind: 'choice', options: [{ id: 'left' }, { id: 'right' }] });
    expect(view.steps.map(({ id, state }) => [id, state])).toEqual([
      ['choose-0', 'done'],
      ['work-1', 'done'],
      ['go-right', 'done'],
    ]);
    expect(await on.probe.lrange(acted, 0, -1)).toEqual(['work-1', 'go-right'].map((step) => `${run.runId} ${step}`));
  });

  it('hears a choice that comes after the gate opened and before the job is moved to delayed', async () => {
    const engine = scripted({ redis: on.probe });
    on.worker({
      advance: async (context) => {
        const advance = await engine(context);
        if (advance.state === 'waiting') await on.runs.decide(advance.gate.gateId, { verdict: 'choose', option: 'left', by: alice });
        return advance;
      },
    });

    const run = await on.begin(['choose']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed', steps: [{ id: 'choose-0' }, { id: 'go-left' }] });
  });

  it('takes the first of two choices that are made at once, and tells the second whose it was', async () => {
    const held = on.worker();
    const run = await on.begin(['choose']);
    const { gateId } = await on.gate(run.runId);
    await held.close({ deadlineMs: 2_000 });

    const clicks = await Promise.all([
      on.runs.decide(gateId, { verdict: 'choose', option: 'left', by: alice }),
      on.runs.decide(gateId, { verdict: 'choose', option: 'right', by: bob }),
    ]);
    on.worker();

    const view = await on.ended(run.runId);
    expect(clicks).toMatchObject([
      { state: 'recorded', required: 1 },
      { state: 'forestalled', earlier: { by: alice, option: 'left' } },
    ]);
    expect(view.steps.at(-1)).toMatchObject({ id: 'go-left', state: 'done' });
    expect(view.gates).toMatchObject([{ outcome: 'chosen', decisions: [{ by: alice, option: 'left' }] }]);
  });

  it('takes no yes, no no and no retry there, and no choice elsewhere', async () => {
    on.worker();
    const run = await on.begin(['choose', 'gate']);
    const choice = await on.gate(run.runId);

    for (const verdict of ['approve', 'reject', 'retry'] as const)
      await expect(on.runs.decide(choice.gateId, { verdict, by: alice })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: `This gate takes choose or abort, not ${verdict}.`,
      });
    await on.runs.decide(choice.gateId, { verdict: 'choose', option: 'left', by: alice });
    const approval = await until('the next gate', async () => {
      const gate = await on.runs.openGate(run.runId);
      return gate?.kind === 'approval' ? gate : undefined;
    });

    await expect(on.runs.decide(approval.gateId, { verdict: 'choose', option: 'left', by: bob })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('ends when it is aborted there', async () => {
    on.worker();
    const run = await on.begin(['choose']);
    const { gateId } = await on.gate(run.runId);

    await on.runs.decide(gateId, { verdict: 'abort', by: alice });

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'aborted' });
  });

  it('ends as expired when nobody chooses', async () => {
    on.worker({ advance: scripted({ redis: on.probe, approvalExpiresAfterMs: 300 }) });

    const run = await on.begin(['choose']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'expired' });
  });
});

describe('a run that needs an attestation', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('goes on when enough people have given it, having carried nothing out for it', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['attest', 'work']);
    const gate = await on.gate(run.runId);

    await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice, typed: prod });
    await on.runs.decide(gate.gateId, { verdict: 'approve', by: bob, typed: prod });

    expect(await on.ended(run.runId)).toMatchObject({
      outcome: 'completed',
      steps: [{ id: 'attest-0', state: 'done', note: `Attested by ${alice} and ${bob}: It is so.` }, { id: 'work-1' }],
    });
    expect(await on.probe.lrange(acted, 0, -1)).toEqual([`${run.runId} work-1`]);
  });
});

describe('a run with an optional step', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('gives the cluster back while it waits', async () => {
    on.worker();
    const first = await on.begin(['work', 'offer']);
    await on.gate(first.runId);

    const second = await on.begin(['work']);

    expect(await on.ended(second.runId)).toMatchObject({ outcome: 'completed' });
    expect(await on.runs.view(first.runId)).toMatchObject({ state: 'waiting' });
  });

  it('does not go on while another run holds the cluster, then does', async () => {
    on.worker({ heldRetryMs: 100 });
    const first = await on.begin(['offer', 'work']);
    const gate = await on.gate(first.runId);
    const second = await on.begin(['hold']);
    await until('the second run acts', async () => (await on.probe.llen(acted)) === 1);

    await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice });
    await until('it said why it waits', async () => (await on.probe.get(`medic:progress:${first.runId}`))?.includes(second.runId));
    expect(await on.probe.llen(acted)).toBe(1);
    await on.probe.set(go, '1');

    expect(await on.ended(second.runId)).toMatchObject({ outcome: 'completed' });
    expect(await on.ended(first.runId)).toMatchObject({ outcome: 'completed' });
    expect(await on.probe.lrange(acted, 0, -1)).toEqual([`${second.runId} hold-0`, `${first.runId} offer-0`, `${first.runId} work-1`]);
  });

  it('holds the cluster again once it goes on, and frees it at its end', async () => {
    on.worker();
    const first = await on.begin(['offer', 'hold']);
    const gate = await on.gate(first.runId);
    await on.runs.decide(gate.gateId, { verdict: 'approve', by: alice });
    await until('it acts', async () => (await on.probe.llen(acted)) === 2);

    expect(await on.submit(['work'])).toMatchObject({ state: 'held', by: { run: { runId: first.runId } } });
    await on.probe.set(go, '1');
    await on.ended(first.runId);

    expect(await on.submit(['work'])).toMatchObject({ state: 'started', run: { cluster: prod } });
  });
});
