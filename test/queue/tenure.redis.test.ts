/** A worker asks before each change whether the run is still its own: refused when it is not, kept waiting while that cannot be known. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Tenure } from '../../src/engine/tenure.ts';
import { OpsError } from '../../src/errors.ts';
import { raiseEpoch } from '../../src/queue/run-state.ts';
import { alice, bench, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { scripted, systemClock } from './fixtures/scripted.ts';
import { until } from './until.ts';

describe('the permit of a take-up', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  /** A run whose worker hands its tenure out and then waits to be told to go on. */
  const takenUp = async () => {
    const held = Promise.withResolvers<Tenure>();
    const go = Promise.withResolvers<void>();
    const engine = scripted({ redis: on.probe });
    on.worker({
      advance: async (context) => {
        held.resolve(context.tenure);
        await go.promise;
        return engine(context);
      },
    });
    const run = await on.begin(['work']);
    return { run, tenure: await held.promise, go: () => go.resolve() };
  };

  it('is given while the run is with it, and refused as soon as another worker has taken it up', async () => {
    const { run, tenure, go } = await takenUp();
    await tenure.permit();

    const newer = await raiseEpoch(on.probe, run.runId);

    expect(newer).toBeGreaterThan(tenure.epoch);
    await expect(tenure.permit()).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' });
    go();
  });

  it('is refused when Redis knows nothing of the run any more', async () => {
    const { tenure, go } = await takenUp();
    await on.redis.flush();

    await expect(tenure.permit()).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' });
    go();
  });

  it('waits while Redis is away, and is given when it is back', async () => {
    const { run, tenure, go } = await takenUp();
    await on.redis.stop('SIGKILL');
    let given = false;
    const permitted = tenure.permit().finally(() => {
      given = true;
    });
    await systemClock.sleep(1_500);

    expect(given).toBe(false);
    await on.redis.start();
    await permitted;
    go();
    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed' });
  });

  it('rises with the clock, so that a Redis that lost a take-up does not give its epoch out again', async () => {
    const { run, tenure, go } = await takenUp();
    const lost = await raiseEpoch(on.probe, run.runId);
    await on.probe.hset(`medic:run:${run.runId}`, 'epoch', tenure.epoch);
    await systemClock.sleep(20);

    expect(await raiseEpoch(on.probe, run.runId)).toBeGreaterThan(lost);
    go();
  });
});

describe('a run that could not be permitted to change something', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());
  const fenced = () => Promise.reject(new OpsError('HOST_FENCED', 'a newer worker has this run'));

  it('because Redis did not answer is no failed step: it is let go, and goes on', async () => {
    let refusals = 0;
    const engine = scripted({ redis: on.probe });
    on.worker({
      advance: (context) => {
        if (refusals++ === 0) return Promise.reject(new OpsError('QUEUE_UNAVAILABLE', 'Redis did not answer'));
        return engine(context);
      },
    });

    const run = await on.begin(['work']);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'completed', steps: [{ state: 'done' }] });
  });

  it('because a host had seen a newer worker is left to that worker', async () => {
    const said: string[] = [];
    on.worker({
      log: { ...silent, info: (_details, message) => void said.push(message) },
      advance: async ({ run }) => {
        await raiseEpoch(on.probe, run.runId);
        return fenced();
      },
    });
    const run = await on.begin(['work']);

    await until('it is let go', async () => said.includes('run is in the hands of another worker, as a host said'));

    expect(await on.probe.hget(`medic:run:${run.runId}`, 'faults')).toBeNull();
  });

  it('because a host remembers what Redis has lost is told of, tried again, and can be aborted', async () => {
    on.worker({ advance: fenced });
    const run = await on.begin(['work']);
    await until('a fault', async () => (await on.probe.hget(`medic:run:${run.runId}`, 'faults')) !== null);

    await on.runs.abort(run.runId, alice);

    expect(await on.ended(run.runId)).toMatchObject({ outcome: 'aborted', conclusion: expect.stringContaining('newer worker') });
  });
});
