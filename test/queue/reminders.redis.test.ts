/** A run that waits for an approval wakes when people are to be reminded, and asks for a report. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remindersOf } from '../../src/engine/reminders.ts';
import { createReportWorker } from '../../src/queue/report-worker.ts';
import { bench, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

/** BullMQ keeps the time to wake, in milliseconds, above twelve bits of its own: the score of a delayed job. */
const scorePerMs = 4_096;
/** As of a worker that would else look long after the test. */
const lookEveryMs = 600_000;

describe('a run that waits for an approval', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const wakesAt = async (runId: string) => Math.floor(Number(await on.probe.zscore('medic:queue:runs:delayed', runId)) / scorePerMs);

  it('sleeps until half of its time is over, whatever it looks at in between', async () => {
    on.worker({ lookEveryMs });
    const run = await on.begin(['gate']);

    const gate = await on.gate(run.runId);

    expect(await wakesAt(run.runId)).toBe(remindersOf(gate)[0]?.at.getTime());
  });

  it('looks more often than that when it is told to', async () => {
    on.worker({ lookEveryMs: 1_000 });
    const run = await on.begin(['gate']);

    const gate = await on.gate(run.runId);

    expect(await wakesAt(run.runId)).toBeLessThan(remindersOf(gate)[0]?.at.getTime() ?? 0);
  });

  it('sleeps until it expires where nobody is reminded', async () => {
    on.worker({ lookEveryMs });
    const run = await on.begin(['choose']);

    const gate = await on.gate(run.runId);

    expect(await wakesAt(run.runId)).toBe(Date.parse(gate.expiresAt));
  });

  it('is rendered again once the time of a reminder is there, and then sleeps until the next', async () => {
    const rendered: number[] = [];
    const { workers, records } = on.connections;
    const render = async ({ view }: { view: { state: string } }) => {
      if (view.state === 'waiting') rendered.push(Date.now());
    };
    const sink = { render, deliver: () => Promise.resolve(), tellLoss: () => Promise.resolve() };
    const reports = createReportWorker({ workers, records, queues: on.queues, sink, clock: systemClock, log: silent }, { paceMs: 20 });
    on.worker({ lookEveryMs, advance: scripted({ redis: on.probe, approvalExpiresAfterMs: 20_000 }) });
    const run = await on.begin(['gate']);
    const gate = await on.gate(run.runId);
    const [half = Infinity, late] = remindersOf(gate).map(({ at }) => at.getTime());

    await until('it is rendered at half time', () => rendered.some((at) => at >= half), 30_000);
    const next = await until('it sleeps again', async () => {
      const at = await wakesAt(run.runId);
      return at > half && at;
    });

    expect(next).toBe(late);
    await reports.close({ deadlineMs: 2_000 });
  });
});
