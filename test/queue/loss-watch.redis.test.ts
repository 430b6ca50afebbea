/** An emptied Redis: the runs that are gone are named, once, and nothing takes their place. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/engine/ports.ts';
import { createReportWorker } from '../../src/queue/report-worker.ts';
import type { ReportSink } from '../../src/queue/report-worker.ts';
import { watchForLoss } from '../../src/queue/loss-watch.ts';
import type { LossWatch } from '../../src/queue/loss-watch.ts';
import { bench, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

const everyMs = 50;

interface Watching {
  readonly watch: LossWatch;
  /** How many looks have come to their end. */
  looks(): number;
  stop(): Promise<void>;
}

function watching({ connections, queues }: Bench): Watching {
  const stop = new AbortController();
  let looks = 0;
  let hasFailed = false;
  const log = { ...silent, warn: () => void (hasFailed = true) };
  // It sleeps after each look; one that failed, because Redis was away, has seen nothing.
  const sleep: Clock['sleep'] = (ms, signal) => {
    if (!hasFailed) looks += 1;
    hasFailed = false;
    return systemClock.sleep(ms, signal);
  };
  const clock = { ...systemClock, sleep };
  const watch = watchForLoss({ front: connections.front, queues, clock, log, signal: stop.signal, everyMs });
  return {
    watch,
    looks: () => looks,
    stop: async () => {
      stop.abort();
      await watch.done;
    },
  };
}

/** Waits until each has looked at the runs as they are now. The look that ends first may have begun before; the second has not. */
const remembered = (...watches: readonly Watching[]) =>
  Promise.all(
    watches.map(({ looks }) => {
      const enough = looks() + 2;
      return until('two looks have ended', () => looks() >= enough, 30_000);
    }),
  );

describe('a Redis that was emptied', () => {
  it('is noticed by every process, and each lost run is told of once', async () => {
    await using on = await bench();
    on.worker();
    const told: Parameters<ReportSink['tellLoss']>[0][] = [];
    const { workers, records } = on.connections;
    const sink: ReportSink = {
      render: () => Promise.resolve(),
      deliver: () => Promise.resolve(),
      tellLoss: async (loss) => void told.push(loss),
    };
    const reports = createReportWorker({ workers, records, queues: on.queues, sink, clock: systemClock, log: silent });
    const watches = [watching(on), watching(on)];
    const { runId } = await on.begin(['work', 'gate']);
    await on.gate(runId);
    await remembered(...watches);

    await on.redis.flush();
    await until('both have noticed', () => watches.every(({ watch }) => watch.lost() !== undefined));
    await until('it was told', () => told.length > 0);
    await remembered(...watches);
    await until(
      'nothing more is to be told',
      async () => (await on.queues.reports.getJobCountByTypes('waiting', 'active', 'delayed')) === 0,
    );

    await Promise.all(watches.map(({ stop }) => stop()));
    await reports.close({ deadlineMs: 2_000 });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      run: { runId },
      because: expect.stringMatching(/is gone and is not carried on: Redis was emptied between/),
    });
  });

  it('is the reason that is given to who asks for a run of before, with what to do', async () => {
    await using on = await bench();
    on.worker();
    const watch = watching(on);
    const { runId } = await on.begin(['gate']);
    await on.gate(runId);
    await remembered(watch);

    await on.redis.flush();
    await until('it is noticed', () => watch.watch.lost() !== undefined);

    await expect(on.runs.view(runId)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('Redis was emptied'),
      hint: expect.stringMatching(/`status prod`.*docs\/runbooks\/restore\.md/),
    });
    await watch.stop();
  });

  it('is not seen in one that was only restarted, nor in a new one', async () => {
    await using on = await bench();
    const first = watching(on);
    await remembered(first);

    await on.redis.stop('SIGKILL');
    await on.redis.start();
    await remembered(first);
    const second = watching(on);
    await remembered(first, second);
    await Promise.all([first.stop(), second.stop()]);

    expect([first.watch.lost(), second.watch.lost()]).toEqual([undefined, undefined]);
  });
});
