/** Redis's settings are worth a warning; a Redis that cannot say them is no reason not to start. */
import { afterEach, describe, expect, it } from 'vitest';
import { connect, settingsWarnings, untilConnected } from '../../src/queue/connection.ts';
import type { Connections } from '../../src/queue/connection.ts';
import { connectLimitMs, silent } from './bench.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';

describe('asking Redis for its settings', () => {
  let redis: TestRedis;
  let connections: Connections;
  afterEach(async () => {
    redis.freeze(false);
    await connections.close();
    await redis.destroy();
  });
  const connected = async (limits: { commandTimeoutMs?: number; recordTimeoutMs?: number } = {}) => {
    redis = await startRedis();
    connections = connect({ url: redis.url, log: silent, ...limits });
    await untilConnected(connections, connectLimitMs);
  };

  it('waits for a Redis that stands still for longer than a person would wait', async () => {
    await connected({ commandTimeoutMs: 200 });
    redis.freeze(true);

    const asked = settingsWarnings(connections);
    await expect(connections.front.ping()).rejects.toThrow('timed out');
    redis.freeze(false);

    expect(await asked).toEqual([]);
  });

  it('warns when it gets no answer', async () => {
    await connected({ commandTimeoutMs: 200, recordTimeoutMs: 200 });
    redis.freeze(true);

    expect(await settingsWarnings(connections)).toEqual([expect.stringMatching(/could not be asked.*timed out/)]);
  });

  it('warns when it is not allowed to ask', async () => {
    await connected();
    await connections.records.call('ACL', 'SETUSER', 'default', '-info');

    expect(await settingsWarnings(connections)).toEqual([expect.stringMatching(/could not be asked.*info/i)]);
  });
});
