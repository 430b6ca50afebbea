/**
 * Connections to Redis, of three kinds, because what a person waits for must fail at once and what a recovery needs must not.
 * Keys: none of its own.
 */
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { redisChecks } from '../checkup/redis.ts';
import { OpsError } from '../errors.ts';
import { redisFacts } from './redis-facts.ts';
import { isRedisError } from './unavailable.ts';

/** Where this folder says what an operator of the bot should know. pino fits. */
export interface QueueLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** The connections of one process. */
export interface Connections {
  /** For commands of people: answers or fails within `commandTimeoutMs`, never queues. */
  readonly front: Redis;
  /** For journals and decisions of runs: waits while Redis is away, up to `recordTimeoutMs`. */
  readonly records: Redis;
  /** For BullMQ's workers: waits without a limit, as BullMQ demands. */
  readonly workers: Redis;
  /** Since when commands can be taken; undefined while they cannot. */
  connectedSince(): Date | undefined;
  close(): Promise<void>;
}

interface ConnectDeps {
  /** `redis://[user:password@]host:port[/db]` or `rediss://…` */
  readonly url: string;
  readonly log: QueueLog;
  readonly commandTimeoutMs?: number;
  readonly recordTimeoutMs?: number;
}

/** Half of the two seconds within which a person is told that Redis is down. */
const defaultCommandTimeoutMs = 1_000;
/** As long as a worker's lock lasts: after that another worker may have taken the run. */
const defaultRecordTimeoutMs = 30_000;
const connectTimeoutMs = 5_000;
const firstReconnectMs = 100;
const slowestReconnectMs = 2_000;

/**
 * Opens the connections; returns at once, connected or not.
 * `maxRetriesPerRequest: null` for workers: https://docs.bullmq.io/guide/connections; failing fast for producers: https://docs.bullmq.io/patterns/failing-fast-when-redis-is-down
 */
export function connect({
  url,
  log,
  commandTimeoutMs = defaultCommandTimeoutMs,
  recordTimeoutMs = defaultRecordTimeoutMs,
}: ConnectDeps): Connections {
  let readySince: Date | undefined;
  const open = (role: string, options: RedisOptions): Redis => {
    const redis = new Redis(url, { ...common, ...options, connectionName: `etcd-medic:${role}`, replyMapping: 'legacy' });
    // ioredis emits an error for each failed attempt to reconnect; without a listener it would end the process.
    redis.on('error', (error: Error) => log.warn({ role, because: error.message }, 'redis connection failed'));
    return redis;
  };
  const front = open('front', { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: commandTimeoutMs });
  const records = open('records', { maxRetriesPerRequest: null, commandTimeout: recordTimeoutMs });
  const workers = open('workers', { maxRetriesPerRequest: null });
  front.on('ready', () => (readySince = new Date()));
  front.on('close', () => (readySince = undefined));
  const all = [front, records, workers];
  return {
    front,
    records,
    workers,
    connectedSince: () => readySince,
    close: async () => {
      await Promise.all(all.map(closed));
    },
  };
}

const common: RedisOptions = {
  connectTimeout: connectTimeoutMs,
  retryStrategy: (times) => Math.min(firstReconnectMs * 2 ** Math.min(times, 10), slowestReconnectMs),
  // After a failover the old primary answers READONLY: connect anew, and send the command again.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
};

async function closed(redis: Redis): Promise<void> {
  // Between two attempts there is no socket: ioredis stops trying then, and tells nobody.
  if (redis.status !== 'ready' && redis.status !== 'connect') return redis.disconnect();
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()));
  redis.disconnect();
  await ended;
}

/** Resolves once Redis answers. @throws QUEUE_UNAVAILABLE when it does not within `timeoutMs` */
export async function untilConnected({ front }: Connections, timeoutMs: number): Promise<void> {
  if (front.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const ready = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      front.off('ready', ready);
      reject(new OpsError('QUEUE_UNAVAILABLE', `Redis did not answer within ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    front.once('ready', ready);
  });
}

/**
 * What of Redis's settings would lose runs, one sentence each; empty when all is well. Never throws for a Redis that does not say: it is one
 * sentence more then, because a bot that does not start is worse than settings that nobody has looked at.
 * https://docs.bullmq.io/guide/going-to-production#max-memory-policy and https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */
export async function settingsWarnings({ records }: Pick<Connections, 'records'>): Promise<readonly string[]> {
  try {
    const checks = redisChecks(await redisFacts(records));
    return checks.filter(({ grade }) => grade !== 'good').map(({ sentence, cure = '' }) => `${sentence} ${cure}`.trim());
  } catch (error) {
    if (!isRedisError(error)) throw error;
    const because = error instanceof Error ? error.message : String(error);
    return [
      `Redis could not be asked for its settings (${because}). See yourself that it has maxmemory-policy noeviction and appendonly yes.`,
    ];
  }
}
