/** What Redis has recorded counts, whatever comes after it: who spoke is told so, or told that it is not known. */
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReportWorker } from '../../src/queue/report-worker.ts';
import type { Queues } from '../../src/queue/queues.ts';
import { createRuns } from '../../src/queue/runs.ts';
import type { Closable } from '../../src/queue/worker.ts';
import { alice, bench, bob, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

const soonMs = 40_000;
/** What ioredis throws when the time of a command is over. */
const late = () => Promise.reject(new Error('Command timed out'));

describe('a word of a person', () => {
  let on: Bench;
  let open: Closable[];
  beforeEach(async () => {
    on = await bench();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((worker) => worker.close({ deadlineMs: 2_000 })));
    await on[Symbol.asyncDispose]();
  });

  const runsWith = ({ front = on.connections.front, queues = on.queues }: { front?: Redis; queues?: Queues }) =>
    createRuns({ front, queues, isExclusive: () => true, clock: systemClock });
  /** The runs over a Redis that stops answering as soon as a word is recorded. */
  const thenSilent = () => {
    let isRecorded = false;
    const lookLate = <Job>(getJob: () => Promise<Job>) => (isRecorded ? late() : getJob());
    const runs = replaced(on.queues.runs, 'getJob', (getJob) => (id: string) => lookLate(() => getJob(id)));
    const reports = replaced(on.queues.reports, 'add', () => late);
    const note = <Answer>(answer: Answer) => ((isRecorded = true), answer);
    const evaluating = replaced(
      on.connections.front,
      'eval',
      (evaluate) =>
        async (...words: unknown[]) =>
          note(await evaluate(...words)),
    );
    const front = replaced(
      evaluating,
      'set',
      (set) =>
        async (...words: unknown[]) =>
          note(await set(...words)),
    );
    return runsWith({ front, queues: { ...on.queues, runs, reports } });
  };
  /** The runs over a Redis that carries `name` out, and whose answer is lost. */
  const answerLost = (name: 'eval' | 'set') =>
    runsWith({
      front: replaced(on.connections.front, name, (call) => async (...words: unknown[]) => {
        await call(...words);
        return late();
      }),
    });

  it('is acknowledged once it is recorded, though the run could not be woken, and counts by itself', async () => {
    on.worker({ lookEveryMs: 200 });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId, soonMs);

    const receipt = await thenSilent().decide(gateId, { verdict: 'approve', by: alice });

    expect(receipt).toEqual({ state: 'recorded', approvals: 1, required: 1 });
    expect(await on.ended(run.runId, soonMs)).toMatchObject({ outcome: 'completed' });
  });

  it('that ends a run is acknowledged, too', async () => {
    on.worker({ lookEveryMs: 200 });
    const run = await on.begin(['gate']);
    await on.gate(run.runId, soonMs);

    expect(await thenSilent().abort(run.runId, alice)).toEqual({ state: 'asked' });
    expect(await on.ended(run.runId, soonMs)).toMatchObject({ outcome: 'aborted' });
  });

  it('that settles nothing yet is shown, though its report was lost', async () => {
    let renderings = 0;
    const sink = { render: async () => void (renderings += 1), deliver: async () => undefined, tellLoss: async () => undefined };
    const { workers, records } = on.connections;
    const deps = { workers, records, queues: on.queues, sink, clock: systemClock, log: silent };
    open.push(createReportWorker(deps, { paceMs: 20, sweepEveryMs: 100 }));
    const worker = on.worker({ advance: scripted({ redis: on.probe, required: 2 }) });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId, soonMs);
    await until('all is rendered', async () => (await on.probe.zcard('medic:unreported')) === 0, soonMs);
    await worker.close({ deadlineMs: 10_000 });
    await until('no report waits', async () => (await on.queues.reports.getJobCountByTypes('waiting', 'active', 'delayed')) === 0, soonMs);
    const before = renderings;

    await thenSilent().decide(gateId, { verdict: 'approve', by: alice });

    await until('nothing is left to report', async () => (await on.probe.zcard('medic:unreported')) === 0, soonMs);
    expect(renderings).toBeGreaterThan(before);
  });

  it('is not called unrecorded when only the answer of Redis was lost, and counts once when it is said again', async () => {
    on.worker({ advance: scripted({ redis: on.probe, required: 2 }), lookEveryMs: 200 });
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId, soonMs);

    const doubtful = answerLost('eval').decide(gateId, { verdict: 'approve', by: alice });

    await expect(doubtful).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining(`not known whether your word on ${run.runId} was recorded`),
      hint: expect.stringMatching(new RegExp(`\`show ${run.runId}\`.*again is safe`)),
    });
    expect(await on.runs.decide(gateId, { verdict: 'approve', by: alice })).toMatchObject({ state: 'repeated', earlier: { by: alice } });
    expect(await on.probe.llen(`medic:said:${gateId}`)).toBe(1);
    expect(await on.runs.view(run.runId)).toMatchObject({ state: 'waiting' });
    expect(await on.runs.decide(gateId, { verdict: 'approve', by: bob })).toMatchObject({ state: 'recorded', approvals: 2 });
  });

  it('that ends a run is not called unrecorded either, and may be said again', async () => {
    const run = await on.begin(['gate']);

    await expect(answerLost('set').abort(run.runId, alice)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining(`not known whether the abort of ${run.runId} was recorded`),
      hint: expect.stringContaining('again is safe'),
    });
    expect(await on.runs.abort(run.runId, bob)).toEqual({ state: 'asked' });
    expect(JSON.parse((await on.probe.get(`medic:abort:${run.runId}`)) ?? '')).toMatchObject({ verdict: 'abort', by: alice });
    on.worker();

    expect(await on.ended(run.runId, soonMs)).toMatchObject({ outcome: 'aborted' });
  });
});

/** The same thing with one method of it replaced. */
function replaced<Thing extends object>(
  thing: Thing,
  method: string,
  by: (original: (...words: unknown[]) => Promise<unknown>) => (...words: never[]) => Promise<unknown>,
): Thing {
  return new Proxy(thing, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const bound = value.bind(target) as (...words: unknown[]) => Promise<unknown>;
      return name === method ? by(bound) : bound;
    },
  });
}
