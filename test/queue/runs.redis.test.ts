/** What a front may ask of runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterName, RunId } from '../../src/ids.ts';
import { createRuns } from '../../src/queue/runs.ts';
import { alice, bench, bob, prod, requester } from './bench.ts';
import type { Bench } from './bench.ts';
import { go, scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

const staging = ClusterName.parse('staging');
const unknown = RunId.parse('restore-prod-ffffff');
/** A person is told that Redis is down within this. */
const failFastMs = 2_000;

describe('submitting a run', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('starts it under the id of its procedure and cluster', async () => {
    const run = await on.begin(['work']);

    expect(run.runId).toMatch(/^restore-prod-[0-9a-f]{6}$/);
    expect(await on.runs.view(run.runId)).toEqual({ run, state: 'queued', steps: [], gates: [] });
  });

  it('tells who holds the cluster, and at which step, while that run waits, is at work and is delayed', async () => {
    const first = await on.begin(['gate']);
    const whileQueued = await on.submit(['work']);
    on.worker();
    const gate = await on.gate(first.runId);
    const whileWaiting = await on.submit(['work']);

    expect(whileQueued).toMatchObject({ state: 'held', by: { state: 'queued', run: { runId: first.runId, requester } } });
    expect(whileWaiting).toMatchObject({
      state: 'held',
      by: { state: 'waiting', openGate: { gateId: gate.gateId, title: 'Destroy gate-0' } },
    });
    expect(await on.runs.list({ limit: 10 })).toHaveLength(1);
  });

  it('frees the cluster when the run has ended', async () => {
    on.worker();
    const first = await on.begin(['work']);
    await on.ended(first.runId);

    expect(await on.submit(['work'])).toMatchObject({ state: 'started' });
  });

  it('waits for a worker that is slow to give the cluster back', async () => {
    const engine = scripted({ redis: on.probe });
    on.worker({
      advance: async (context) => {
        const advance = await engine(context);
        await systemClock.sleep(1_500);
        return advance;
      },
    });
    const first = await on.begin(['work']);
    await until('its last word', async () => (await on.runs.view(first.runId)).state === 'ended');

    expect(await on.submit(['work'])).toMatchObject({ state: 'started' });
  });

  it('starts exactly one of many runs that are asked for at once', async () => {
    const submissions = await Promise.all(Array.from({ length: 20 }, () => on.submit(['work'])));

    expect(submissions.filter(({ state }) => state === 'started')).toHaveLength(1);
    expect(await on.runs.list({ limit: 50 })).toHaveLength(1);
  });

  it('holds each cluster for itself, and does not hold it for plans and for procedures that are not exclusive', async () => {
    await on.begin(['work']);

    const others = [
      on.submit(['work'], { cluster: staging }),
      on.submit(['work'], { mode: 'plan' }),
      on.submit(['work'], { procedure: 'free' }),
    ];

    expect((await Promise.all(others)).map(({ state }) => state)).toEqual(['started', 'started', 'started']);
  });

  it('lists runs newest first, of all clusters or of one', async () => {
    const first = await on.begin(['work']);
    const second = await on.begin(['work'], { cluster: staging });

    const listed = async (cluster?: ClusterName) =>
      (await on.runs.list({ limit: 10, ...(cluster !== undefined && { cluster }) })).map((view) => view.run.runId);

    expect(await listed()).toEqual([second.runId, first.runId]);
    expect(await listed(prod)).toEqual([first.runId]);
    expect(await on.runs.list({ limit: 1 })).toHaveLength(1);
  });

  it('says that a run is not known', async () => {
    const asked = [on.runs.view(unknown), on.runs.journal(unknown), on.runs.openGate(unknown), on.runs.abort(unknown, alice)];

    for (const answer of asked) await expect(answer).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('lists a run whose journal cannot be read, and says so', async () => {
    const run = await on.begin(['work']);
    await on.probe.xadd(`medic:journal:${run.runId}`, '1-0', 'event', '{"type":"other"}', 'at', 'never', 'nonce', 'x');

    expect(await on.runs.list({ limit: 1 })).toMatchObject([{ run, summary: expect.stringContaining('is not what a journal holds') }]);
    await expect(on.runs.journal(run.runId)).rejects.toMatchObject({ code: 'JOURNAL_INVALID' });
  });

  it('does not say that nothing was started when Redis took the run and its answer was lost', async () => {
    const { runs } = on.queues;
    const lossy = new Proxy(runs, {
      get: (target, name) =>
        name === 'add'
          ? async (...job: Parameters<typeof runs.add>) => {
              await target.add(...job);
              throw new Error('Command timed out');
            }
          : (Reflect.get(target, name) as unknown),
    });
    const { front } = on.connections;
    const doubtful = createRuns({ front, queues: { ...on.queues, runs: lossy }, isExclusive: () => true, clock: systemClock });

    const asked = doubtful.submit({ procedure: 'restore', cluster: prod, input: ['work'], requester, mode: 'execute' });

    await expect(asked).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringMatching(/not known whether restore-prod-[0-9a-f]{6} was started/),
      hint: expect.stringContaining('`runs prod`'),
    });
    expect(await on.runs.list({ limit: 10 })).toMatchObject([{ state: 'queued' }]);
  });

  it('takes runs again as soon as Redis is back', async () => {
    await on.redis.stop();
    await expect(on.submit(['work'])).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });

    await on.redis.start();

    const started = await until('a run starts', () => on.submit(['work']).catch(() => undefined), 30_000);
    expect(started).toMatchObject({ state: 'started' });
  });
});

describe('a Redis that does not answer', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench({ patient: false });
  });
  afterEach(() => {
    on.redis.freeze(false);
    return on[Symbol.asyncDispose]();
  });

  it.each(['stopped', 'frozen'])('is told of as QUEUE_UNAVAILABLE at once while it is %s, and nothing is started', async (how) => {
    if (how === 'frozen') on.redis.freeze(true);
    else await on.redis.stop();
    const start = performance.now();

    const submitted = on.submit(['work']);

    await expect(submitted).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', retry: 'later' });
    await expect(on.runs.decide('x.1', { verdict: 'approve', by: alice })).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await expect(on.runs.list({ limit: 1 })).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    // The time measured has room for a stall; the limit that was set has none.
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(on.connections.front.options.commandTimeout).toBeLessThan(failFastMs);
  });
});

describe('deciding at a gate', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('counts a double click of one person once', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);

    const clicks = await Promise.all([1, 2, 3].map(() => on.runs.decide(gateId, { verdict: 'approve', by: alice })));
    const changedMind = await on.runs.decide(gateId, { verdict: 'reject', by: alice });

    expect(clicks.map(({ state }) => state).toSorted()).toEqual(['recorded', 'repeated', 'repeated']);
    expect(changedMind).toMatchObject({ state: 'repeated', earlier: { verdict: 'approve', by: alice } });
    expect(await on.runs.view(run.runId)).toMatchObject({ state: 'waiting' });
  });

  it('counts two people who click at once as two', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);

    const clicks = await Promise.all([alice, bob].map((by) => on.runs.decide(gateId, { verdict: 'approve', by })));

    const approvals = clicks.map((click) => click.state === 'recorded' && click.approvals);
    expect(new Set(approvals)).toEqual(new Set([1, 2]));
    const view = await on.ended(run.runId);
    expect(view).toMatchObject({ outcome: 'completed' });
    expect(view.gates[0]?.decisions.map(({ by }) => by).toSorted()).toEqual([alice, bob]);
  });

  it('is told that the gate is closed, and how, once it is settled', async () => {
    on.worker();
    const run = await on.begin(['gate', 'hold']);
    const { gateId } = await on.gate(run.runId);
    await on.runs.decide(gateId, { verdict: 'approve', by: alice });
    await until('the gate is settled', async () => (await on.runs.openGate(run.runId)) === undefined);

    const late = await on.runs.decide(gateId, { verdict: 'reject', by: bob });

    expect(late).toEqual({ state: 'closed', how: 'approved' });
    expect(await on.runs.decide('other.1', { verdict: 'approve', by: alice })).toEqual({ state: 'closed', how: 'unknown' });
    await on.probe.set(go, '1');
    await on.ended(run.runId);
  });

  it('is told that the gate has expired, also before the run has noticed', async () => {
    const worker = on.worker({ advance: scripted({ redis: on.probe, approvalExpiresAfterMs: 3_000 }) });
    const run = await on.begin(['gate']);
    const { gateId, expiresAt } = await on.gate(run.runId);
    await worker.close({ deadlineMs: 2_000 });
    await until('it is late', () => Date.now() >= Date.parse(expiresAt));

    const late = await on.runs.decide(gateId, { verdict: 'approve', by: alice });

    expect(late).toEqual({ state: 'closed', how: 'expired' });
  });
});
