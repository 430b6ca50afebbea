/** What Redis says of itself: its version, and whether it keeps what it is given. Keys: none. */
import { RedisConnection } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RedisSeen } from '../checkup/redis.ts';

/** @throws what ioredis throws when Redis does not answer, or does not allow INFO */
export async function redisFacts(redis: Pick<Redis, 'info'>): Promise<RedisSeen> {
  const [server, memory, persistence] = await Promise.all([redis.info('server'), redis.info('memory'), redis.info('persistence')]);
  return {
    version: /^redis_version:(\S+)/m.exec(server)?.[1],
    policy: /^maxmemory_policy:(\S+)/m.exec(memory)?.[1],
    appendOnly: /^aof_enabled:1/m.test(persistence),
    minimum: RedisConnection.minimumVersion,
    recommended: RedisConnection.recommendedMinimumVersion,
  };
}
