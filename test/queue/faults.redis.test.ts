/** What happens to a run that cannot be advanced through no fault of its steps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pauseMs } from '../../src/queue/faults.ts';
import { alice, bench } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted } from './fixtures/scripted.ts';
import { until } from './until.ts';

describe('a run that cannot be advanced', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const faultsOf = async (runId: string) =>
    JSON.parse((await on.probe.hget(`medic:run:${runId}`, 'faults')) ?? '{"count":0}') as { count: number };

  it('is tried again after a pause and goes on', async () => {
    const engine = scripted({ redis: on.probe });
    let attempts = 0;
    const complaints: string[] = [];
    const error = (_details: object, message: string) => void complaints.push(message);
    on.worker({
      log: { info: () => undefined, warn: () => undefined, error },
      advance: (context) => {
        attempts += 1;
        return attempts < 3 ? Promise.reject(new Error('a bug')) : engine(context);
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
    expect(attempts).toBe(3);
    expect(complaints).toEqual(['run could not be advanced', 'run could not be advanced']);
  });

  it('keeps its cluster and rests between attempts', async () => {
    const attemptedAt: number[] = [];
    on.worker({ advance: () => (attemptedAt.push(performance.now()), Promise.reject(new Error('a bug'))) });
    const run = await on.begin(['work']);
    await until('three faults', async () => (await faultsOf(run.runId)).count >= 3, 30_000);
    await until('it rests', async () => (await on.queues.runs.getJobState(run.runId)) === 'delayed');

    // Nothing is said of how long at most: a stall makes a rest longer, never shorter.
    const [first = 0, second = 0, third = 0] = attemptedAt;
    expect(second - first).toBeGreaterThan(pauseMs(1) - 100);
    expect(third - second).toBeGreaterThan(pauseMs(2) - 100);
    expect(await on.submit(['work'])).toMatchObject({ state: 'held', by: { run: { runId: run.runId } } });
  });

  it('ends when a person aborts it, though its engine cannot end it', async () => {
    on.worker({ advance: () => Promise.reject(new Error('a bug')) });
    const run = await on.begin(['work']);
    await until('a fault', async () => (await faultsOf(run.runId)).count >= 1);

    await on.runs.abort(run.runId, alice);

    const view = await on.ended(run.runId);
    expect(view).toMatchObject({ outcome: 'aborted', conclusion: expect.stringContaining('a bug') });
    expect(await on.submit(['work'])).toMatchObject({ state: 'started' });
  });

  it('ends when a person aborts it, though its journal cannot be read', async () => {
    on.worker();
    const run = await on.begin(['gate']);
    const { gateId } = await on.gate(run.runId);
    await on.probe.xadd(`medic:journal:${run.runId}`, '3-0', 'event', '{}', 'at', 'never', 'nonce', 'n');

    expect(await on.runs.abort(run.runId, alice)).toEqual({ state: 'asked' });

    await until('it has ended', async () => (await on.queues.runs.getJobState(run.runId)) === 'completed');
    expect(await on.submit(['work'])).toMatchObject({ state: 'started' });
    expect(await on.runs.decide(gateId, { verdict: 'approve', by: alice })).toEqual({ state: 'closed', how: 'aborted' });
  });

  it('goes on from what stands in its journal when Redis has lost the end of it', async () => {
    const engine = scripted({ redis: on.probe });
    let lost = false;
    on.worker({
      advance: (context) => {
        const append: typeof context.journal.append = async (event) => {
          if (!lost && event.type === 'step-settled') {
            lost = true;
            // As after a crash: an entry that is deleted would leave its id behind.
            const key = `medic:journal:${context.run.runId}`;
            const entries = await on.probe.xrange(key, '-', '+');
            await on.probe.del(key);
            for (const [id, fields] of entries.slice(0, -1)) await on.probe.xadd(key, id, ...fields);
          }
          return context.journal.append(event);
        };
        return engine({ ...context, journal: { append, entries: () => context.journal.entries() } });
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId, 20_000)).toMatchObject({ outcome: 'completed' });
    expect(lost).toBe(true);
    expect(await on.runs.verifyJournal(run.runId)).toMatchObject({ state: 'whole', begins: 0, unchained: [] });
  });

  it('does not run hot when what it waits for cannot be read', async () => {
    on.worker();
    const run = await on.begin(['gate']);
    await on.gate(run.runId);
    await on.probe.hset(`medic:run:${run.runId}`, 'waiting', '{"of":"another version"}');

    await (await on.queues.runs.getJob(run.runId))?.promote();
    await until('the fault is counted', async () => (await faultsOf(run.runId)).count === 1);
    await until('it waits again', async () => (await on.probe.hget(`medic:run:${run.runId}`, 'waiting'))?.includes('gate-0'));

    expect(await faultsOf(run.runId)).toMatchObject({ count: 1 });
  });

  it('goes on when an append was refused once', async () => {
    const engine = scripted({ redis: on.probe });
    let refused = false;
    let second: unknown;
    on.worker({
      advance: async (context) => {
        if (!refused) {
          refused = true;
          // No journal takes half a megabyte: the append fails, and nothing after it may be recorded.
          const huge = { type: 'step-failed', stepId: 'x', code: 'X', because: 'x'.repeat(500_000), hint: '' } as const;
          await context.journal.append(huge).catch(() => undefined);
          await context.journal.append({ type: 'step-resumed', stepId: 'x' }).catch((error: unknown) => (second = error));
          return { state: 'ended', outcome: 'completed' };
        }
        return engine(context);
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed', steps: [{ state: 'done' }] });
    expect(second).toMatchObject({ code: 'JOURNAL_INVALID' });
    expect((await on.runs.journal(run.runId)).map((entry) => entry.type)).not.toContain('step-resumed');
  });

  it('rests longer after each fault, up to five minutes', () => {
    expect([1, 2, 3, 9, 10, 1_000].map(pauseMs)).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });
});
