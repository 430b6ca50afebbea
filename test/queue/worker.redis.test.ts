/** Runs survive their workers: killed, frozen, closed, or cut off from Redis. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../src/engine/journal.ts';
import { untilConnected } from '../../src/queue/connection.ts';
import { alice, bench, connectLimitMs, quick } from './bench.ts';
import type { Bench } from './bench.ts';
import { acted, go, scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

/** More than a dead worker's run may stay with it on a busy machine, and less than BullMQ's own lock of 30 s. */
const takeOverLimitMs = quick.lockDurationMs + 2 * quick.stalledIntervalMs + 8_000;

describe('run worker', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const actedTimes = (count: number, limitMs = takeOverLimitMs) =>
    until(`steps acted ${count} times`, async () => (await on.probe.llen(acted)) >= count, limitMs);
  const seqs = async (runId: Parameters<Bench['runs']['view']>[0]) => (await on.runs.journal(runId)).map((entry) => entry.seq);

  it('takes up a run whose worker was killed in the middle of a step, without a gap or a repetition in the journal', async () => {
    const child = await on.workerProcess();
    const run = await on.begin(['work', 'hold', 'work']);
    await actedTimes(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = performance.now();

    on.worker(quick);
    await actedTimes(3);
    const takenUpAfterMs = performance.now() - killedAt;
    await on.probe.set(go, '1');
    const view = await on.ended(run.runId);

    expect(takenUpAfterMs).toBeLessThan(takeOverLimitMs);
    expect(view).toMatchObject({ outcome: 'completed' });
    expect(await on.probe.lrange(acted, 0, -1)).toEqual(['work-0', 'hold-1', 'hold-1', 'work-2'].map((step) => `${run.runId} ${step}`));
    const journal = await on.runs.journal(run.runId);
    expect(journal.map((entry) => entry.seq)).toEqual(journal.map((_entry, index) => index));
    expect(journal.filter((entry) => entry.type === 'step-resumed')).toHaveLength(1);
  });

  it('survives being killed more often than BullMQ takes jobs over by default', async () => {
    const run = await on.begin(['hold']);
    for (let death = 1; death <= 4; death += 1) {
      const child = await on.workerProcess();
      await actedTimes(death);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    on.worker(quick);
    await actedTimes(5);
    await on.probe.set(go, '1');

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  }, 120_000);

  it('holds the cluster while a run is stalled', async () => {
    const child = await on.workerProcess();
    const run = await on.begin(['hold']);
    await actedTimes(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('the lock has run out', async () => (await on.probe.exists(`medic:queue:runs:${run.runId}:lock`)) === 0);

    const second = await on.submit(['work']);

    expect(second).toMatchObject({ state: 'held', by: { run: { runId: run.runId } } });
  });

  it('refuses what a frozen worker writes after another one took its run', async () => {
    const child = await on.workerProcess();
    const run = await on.begin(['hold', 'work']);
    await actedTimes(1);
    child.kill('SIGSTOP');
    on.worker(quick);
    // Redis may hand the marker of the freed job to the frozen worker's blocked connection; the other one looks again after drainDelay (5 s).
    await actedTimes(2, takeOverLimitMs + 5_000);

    await on.probe.set(go, '1');
    await on.ended(run.runId);
    const before = await seqs(run.runId);
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await once(child, 'exit');

    expect(await seqs(run.runId)).toEqual(before);
    expect(before).toEqual(before.map((_seq, index) => index));
    const settled = (await on.runs.journal(run.runId)).filter((entry) => entry.type === 'step-settled');
    expect(settled.map((entry) => entry.stepId)).toEqual(['hold-0', 'work-1']);
  });

  it('takes a run that it lost and gets again up only once it has let go of it, and keeps its lock then', async () => {
    const engine = scripted({ redis: on.probe });
    // Long enough to be renewed over a stall, which would else be one more loss.
    const lockDurationMs = 4_000;
    let takes = 0;
    let atOnce = 0;
    let most = 0;
    on.worker({
      ...quick,
      lockDurationMs,
      advance: async (context) => {
        takes += 1;
        atOnce += 1;
        most = Math.max(most, atOnce);
        try {
          if (takes === 1) {
            await on.probe.del(`medic:queue:runs:${context.run.runId}:lock`);
            await until('it is told', () => context.signal.aborted, 60_000);
            // A step that is being carried out, whatever the signal says: meanwhile the run is found to be stalled, and handed out again.
            await systemClock.sleep(4 * quick.stalledIntervalMs);
          } else {
            // Without renewal the lock would be lost twice.
            await systemClock.sleep(2 * lockDurationMs + 500);
          }
          return await engine(context);
        } finally {
          atOnce -= 1;
        }
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId, 40_000)).toMatchObject({ outcome: 'completed' });
    expect({ takes, most }).toEqual({ takes: 2, most: 1 });
  }, 60_000);

  it('tells the engine to let go when the lock of its run is lost', async () => {
    const engine = scripted({ redis: on.probe });
    let signal: AbortSignal | undefined;
    on.worker({ ...quick, advance: (context) => ((signal ??= context.signal), engine(context)) });
    const run = await on.begin(['hold']);
    await actedTimes(1);

    await on.probe.del(`medic:queue:runs:${run.runId}:lock`);
    await until('it is told', () => signal?.aborted);
    await on.probe.set(go, '1');

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });

  it('refuses an append by an older take-up of the same run', async () => {
    let zombie: Journal | undefined;
    const engine = scripted({ redis: on.probe });
    on.worker({
      ...quick,
      letGoRestMs: 1,
      advance: async (context) => {
        if (zombie !== undefined) return engine(context);
        zombie = context.journal;
        return { state: 'let-go' };
      },
    });
    const run = await on.begin(['work']);
    await on.ended(run.runId);
    const before = await seqs(run.runId);

    const append = zombie?.append({ type: 'run-ended', outcome: 'failed', summary: 'late' });

    await expect(append).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' });
    await expect(zombie?.append({ type: 'step-resumed', stepId: 'work-0' })).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' });
    expect(await seqs(run.runId)).toEqual(before);
  });

  it('ends a run between two steps when the abort comes from another process', async () => {
    await on.workerProcess();
    const run = await on.begin(['hold', 'work']);
    await actedTimes(1);

    expect(await on.runs.abort(run.runId, alice)).toEqual({ state: 'asked' });
    await on.probe.set(go, '1');

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'aborted', conclusion: 'Done: hold-0. Not done: work-1.' });
    expect(await on.probe.llen(acted)).toBe(1);
    expect(await on.runs.abort(run.runId, alice)).toEqual({ state: 'ended-already' });
  });

  it('ends a waiting run at once when it is aborted', async () => {
    on.worker();
    const run = await on.begin(['gate']);
    await on.gate(run.runId);

    await on.runs.abort(run.runId, alice);

    const view = await on.ended(run.runId);
    expect(view).toMatchObject({ outcome: 'aborted', gates: [{ outcome: 'aborted', decisions: [{ by: alice, verdict: 'abort' }] }] });
  });

  it('finishes its step on SIGTERM and gives the run to another worker', async () => {
    const child = await on.workerProcess();
    const run = await on.begin(['hold', 'work']);
    await actedTimes(1);

    child.kill('SIGTERM');
    await on.probe.set(go, '1');
    const [exitCode] = (await once(child, 'exit')) as [number];
    const left = await on.queues.runs.getJobState(run.runId);
    on.worker();

    expect({ exitCode, left }).toEqual({ exitCode: 0, left: 'waiting' });
    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
    expect(await on.probe.lrange(acted, 0, -1)).toEqual([`${run.runId} hold-0`, `${run.runId} work-1`]);
  });

  it('does not wait longer than its deadline for a step that does not end', async () => {
    const worker = on.worker(quick);
    await on.begin(['hold']);
    await actedTimes(1);

    const start = performance.now();
    const result = await worker.close({ deadlineMs: 200 });

    expect(result).toBe('cut');
    // The step would hold on for a minute.
    expect(performance.now() - start).toBeLessThan(10_000);
    await on.probe.set(go, '1');
  });

  it.each([500, 3_000])(
    'carries a run on after Redis was away for %i ms',
    async (awayMs) => {
      on.worker(quick);
      const working = await on.begin(['hold', 'gate']);
      await actedTimes(1);

      await on.redis.stop();
      await systemClock.sleep(awayMs);
      await on.redis.start();
      await untilConnected(on.connections, connectLimitMs);
      await on.probe.set(go, '1');

      const gate = await on.gate(working.runId, 30_000);
      await until('a click is taken', () =>
        on.runs.decide(gate.gateId, { verdict: 'approve', by: alice }).then(
          () => true,
          () => false,
        ),
      );
      expect(await on.ended(working.runId, 30_000)).toMatchObject({ outcome: 'completed' });
      const order = await seqs(working.runId);
      expect(order).toEqual(order.map((_seq, index) => index));
    },
    90_000,
  );

  it('keeps a waiting run over a restart of Redis', async () => {
    on.worker(quick);
    const run = await on.begin(['gate', 'work']);
    const gate = await on.gate(run.runId);

    await on.redis.stop('SIGKILL');
    await on.redis.start();
    await until('the click is taken', () =>
      on.runs.decide(gate.gateId, { verdict: 'approve', by: alice }).then(
        () => true,
        () => false,
      ),
    );

    expect(await on.ended(run.runId, 30_000)).toMatchObject({ outcome: 'completed' });
  }, 90_000);
});
