/** What a person says after the last look of a worker and before the run rests: the wake finds a run at work, and is gone. */
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import { createReporter } from '../../src/queue/reporter.ts';
import type { AdvanceRun } from '../../src/queue/take-up.ts';
import { createRunWorker } from '../../src/queue/worker.ts';
import type { Closable } from '../../src/queue/worker.ts';
import { alice, bench, bob, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

/** Far less than the five minutes that a run rests after many faults. */
const soonMs = 40_000;
/** As of a worker that would else look long after the test. */
const lookEveryMs = 600_000;

describe('a run that is about to rest after a fault', () => {
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

  /** As after many faults: the next one makes the run rest for minutes. */
  const faultedOften = async (runId: RunId) => {
    const at = new Date().toISOString();
    await on.probe.hset(`medic:run:${runId}`, 'faults', JSON.stringify({ count: 20, firstAt: at, lastAt: at, because: 'a bug' }));
  };

  /** Starts a worker. @param between is called once: when it has looked after a fault whether somebody wants the run to end */
  const worker = (advance: AdvanceRun, between: () => Promise<unknown>) => {
    const { front, records, workers } = on.connections;
    let isFault = false;
    const log = { ...silent, error: () => void (isFault = true) };
    const interrupted = afterGet(records, async (key) => {
      if (!isFault || !key.startsWith('medic:abort:')) return;
      isFault = false;
      await between();
    });
    const reporter = createReporter({ front, reports: on.queues.reports });
    const started = createRunWorker({ workers, records: interrupted, reporter, advance, clock: systemClock, log }, { lookEveryMs });
    open.push(started);
    return started;
  };

  it('ends at once when it is aborted at that moment', async () => {
    const run = await on.begin(['work']);
    await faultedOften(run.runId);
    worker(
      () => Promise.reject(new Error('a bug')),
      () => on.runs.abort(run.runId, alice),
    );

    expect(await on.ended(run.runId, soonMs)).toMatchObject({ outcome: 'aborted' });
  });

  it('goes on at once when its gate is decided at that moment', async () => {
    const engine = scripted({ redis: on.probe, required: 2 });
    let gateId = '';
    let takeUps = 0;
    worker(
      async (context) => {
        takeUps += 1;
        if (takeUps !== 2) return engine(context);
        await context.decisions.at(gateId);
        throw new Error('a bug');
      },
      () => on.runs.decide(gateId, { verdict: 'approve', by: bob }),
    );
    const run = await on.begin(['gate']);
    ({ gateId } = await on.gate(run.runId, soonMs));
    await faultedOften(run.runId);

    await on.runs.decide(gateId, { verdict: 'approve', by: alice });

    expect(await on.ended(run.runId, soonMs)).toMatchObject({ outcome: 'completed' });
  });

  it('rests though something was said that it never came to listen to', async () => {
    const engine = scripted({ redis: on.probe, required: 2 });
    let takeUps = 0;
    let hasLooked = false;
    const { close } = worker(
      (context) => {
        takeUps += 1;
        return takeUps === 1 ? engine(context) : Promise.reject(new Error('a bug'));
      },
      async () => void (hasLooked = true),
    );
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId, soonMs);
    await faultedOften(run.runId);

    await on.runs.decide(gateId, { verdict: 'approve', by: alice });
    await until('it was looked', () => hasLooked, soonMs);
    // Once that take-up is over, the run would be promoted by now.
    await close({ deadlineMs: soonMs });

    expect(await on.queues.runs.getJobState(run.runId)).toBe('delayed');
    expect(takeUps).toBe(2);
  });
});

/** The connection, with something that happens after each GET and before its answer is there. */
function afterGet(redis: Redis, happens: (key: string) => Promise<void>): Redis {
  return new Proxy(redis, {
    get: (target, name) => {
      if (name !== 'get') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async (key: string) => {
        const answer = await target.get(key);
        await happens(key);
        return answer;
      };
    },
  });
}
