/** An emptied Redis: the runs that are gone are named, once, and nothing takes their place. */
import { describe, expect, it } from 'vitest';
import { createReportWorker } from '../../src/queue/report-worker.ts';
import type { ReportSink } from '../../src/queue/report-worker.ts';
import { watchForLoss } from '../../src/queue/loss-watch.ts';
import type { LossWatch } from '../../src/queue/loss-watch.ts';
import { bench, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

const everyMs = 50;

function watching({ connections, queues }: Bench): { readonly watch: LossWatch; stop(): Promise<void> } {
  const stop = new AbortController();
  const watch = watchForLoss({ front: connections.front, queues, clock: systemClock, log: silent, signal: stop.signal, everyMs });
  return {
    watch,
    stop: async () => {
      stop.abort();
      await watch.done;
    },
  };
}

/** Long enough for a look at the runs as they are now. */
const remembered = (on: Bench) =>
  until('there is a mark', async () => (await on.probe.hget('medic:marker', 'id')) !== null).then(() => systemClock.sleep(4 * everyMs));

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
    await remembered(on);

    await on.redis.flush();
    await until('both have noticed', () => watches.every(({ watch }) => watch.lost() !== undefined));
    await until('it was told', () => told.length > 0);
    await remembered(on);

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
    const { watch, stop } = watching(on);
    const { runId } = await on.begin(['gate']);
    await on.gate(runId);
    await remembered(on);

    await on.redis.flush();
    await until('it is noticed', () => watch.lost() !== undefined);

    await expect(on.runs.view(runId)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringContaining('Redis was emptied'),
      hint: expect.stringMatching(/`status prod`.*docs\/runbooks\/restore\.md/),
    });
    await stop();
  });

  it('is not seen in one that was only restarted, nor in a new one', async () => {
    await using on = await bench();
    const first = watching(on);
    await remembered(on);

    await on.redis.stop('SIGKILL');
    await on.redis.start();
    await remembered(on);
    const second = watching(on);
    await remembered(on);
    await Promise.all([first.stop(), second.stop()]);

    expect([first.watch.lost(), second.watch.lost()]).toEqual([undefined, undefined]);
  });
});
