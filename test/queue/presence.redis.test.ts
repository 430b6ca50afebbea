/** Which workers are there: those that run, and not those that were stopped or froze. */
import { describe, expect, it } from 'vitest';
import { bench } from './bench.ts';
import { until } from './until.ts';

const listedWithinMs = 10_000;
/** A worker that says nothing counts as gone after 20 s. */
const goneWithinMs = 40_000;

describe('the list of workers', () => {
  it('has those that run, and loses one at once when it is stopped', async () => {
    await using on = await bench();
    expect(await on.runs.workers()).toBe(0);

    const [one] = [on.worker(), on.worker()];
    await until('both are listed', async () => (await on.runs.workers()) === 2, listedWithinMs);
    await one.close({ deadlineMs: 2_000 });

    expect(await until('one is left', async () => (await on.runs.workers()) === 1, listedWithinMs)).toBe(true);
  });

  it('loses one that was killed, and has it again when it is started anew', async () => {
    await using on = await bench();
    const process = await on.workerProcess();
    await until('it is listed', async () => (await on.runs.workers()) === 1, listedWithinMs);

    process.kill('SIGKILL');

    await until('it is gone', async () => (await on.runs.workers()) === 0, goneWithinMs);
    on.worker();
    expect(await until('another is there', async () => (await on.runs.workers()) > 0, listedWithinMs)).toBe(true);
  }, 90_000);

  it('is not known while Redis does not answer', async () => {
    await using on = await bench();
    await on.redis.stop();

    await expect(on.runs.workers()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  });
});
