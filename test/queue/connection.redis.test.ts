/** Connections, and what of Redis's settings would lose runs. */
import { afterEach, describe, expect, it } from 'vitest';
import { connect, settingsWarnings, untilConnected } from '../../src/queue/connection.ts';
import type { Connections } from '../../src/queue/connection.ts';
import { openQueues } from '../../src/queue/queues.ts';
import { queueStatus } from '../../src/queue/status.ts';
import { bench, connectLimitMs, patientMs, silent } from './bench.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';
import { until } from './until.ts';

describe('connections', () => {
  const redises: TestRedis[] = [];
  const opened: Connections[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connections) => connections.close()));
    await Promise.all(redises.splice(0).map((redis) => redis.destroy()));
  });
  const connected = async (settings: readonly string[] = []) => {
    const redis = await startRedis(settings);
    redises.push(redis);
    const connections = connect({ url: redis.url, log: silent, commandTimeoutMs: patientMs });
    opened.push(connections);
    await untilConnected(connections, connectLimitMs);
    return { redis, connections };
  };

  it('finds nothing wrong with noeviction and an append-only file', async () => {
    const { connections } = await connected();

    expect(await settingsWarnings(connections)).toEqual([]);
  });

  it('warns of settings that lose runs', async () => {
    const { connections } = await connected(['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no']);

    expect(await settingsWarnings(connections)).toEqual([
      expect.stringContaining('allkeys-lru'),
      expect.stringContaining('append-only file'),
    ]);
  });

  it('knows since when Redis answers, and that it does not', async () => {
    const { redis, connections } = await connected();
    expect(connections.connectedSince()).toBeInstanceOf(Date);

    await redis.stop();
    await until('it is noticed', () => connections.connectedSince() === undefined);
    await redis.start();

    await until('it is back', () => connections.connectedSince() !== undefined);
  });

  it('says within its limit that there is no Redis', async () => {
    const connections = connect({ url: 'redis://127.0.0.1:1', log: silent });
    opened.push(connections);

    await expect(untilConnected(connections, 300)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  });

  it('can be used by queues that were opened before Redis was there', async () => {
    const { redis } = await connected();
    await redis.stop();
    const connections = connect({ url: redis.url, log: silent, commandTimeoutMs: patientMs });
    opened.push(connections);
    const queues = openQueues({ front: connections.front, log: silent });
    await expect(queues.reports.add('run', { type: 'run', runId: 'x' as never })).rejects.toThrow(/writeable/);

    await redis.start();
    await untilConnected(connections, connectLimitMs);

    await expect(queues.reports.add('run', { type: 'run', runId: 'x' as never })).resolves.toMatchObject({ id: expect.any(String) });
    await queues.close();
  });
});

describe('queue status', () => {
  it('says how many jobs wait, since when, and since when Redis answers', async () => {
    await using on = await bench();
    await on.begin(['work']);

    const status = await queueStatus(on.connections, on.queues, new Date(Date.now() + 60_000));

    expect(status.connectedSince).toBeInstanceOf(Date);
    expect(status.queues).toEqual([
      { name: 'runs', waiting: 1, active: 0, delayed: 0, failed: 0, oldestWaitingMs: expect.any(Number) },
      { name: 'queries', waiting: 0, active: 0, delayed: 0, failed: 0 },
      { name: 'reports', waiting: 0, active: 0, delayed: 0, failed: 0 },
    ]);
    expect(status.queues[0]?.oldestWaitingMs).toBeGreaterThanOrEqual(60_000);
  });
});
