/** What was taken is known to every process, and only for a while. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, untilConnected } from '../../src/queue/connection.ts';
import { createSeen } from '../../src/queue/seen.ts';
import { bench, connectLimitMs, patientMs, silent } from './bench.ts';
import type { Bench } from './bench.ts';
import { until } from './until.ts';

describe('createSeen', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  it('finds one of many at once to be the first, also across processes', async () => {
    const other = connect({ url: on.redis.url, log: silent, commandTimeoutMs: patientMs });
    await untilConnected(other, connectLimitMs);
    const here = createSeen(on.connections.front);
    const there = createSeen(other.front);

    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there).isNew('1.2.abc', 60_000)));

    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await here.isNew('another', 60_000)).toBe(true);
    await other.close();
  });

  it('forgets after the time given', async () => {
    const seen = createSeen(on.connections.front);
    await seen.isNew('1.2.abc', 50);

    await until('it is forgotten', () => seen.isNew('1.2.abc', 50));

    expect(await on.probe.pttl('medic:seen:1.2.abc')).toBeLessThanOrEqual(50);
  });

  it('throws when Redis does not answer: what cannot be looked up is not new', async () => {
    await on.redis.stop();

    await expect(createSeen(on.connections.front).isNew('1.2.abc', 60_000)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  });
});
