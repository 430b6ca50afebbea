/** A real redis-server of one's own: a random free port, a directory of its own, append-only file on, noeviction. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { leash } from '../stage/leash.ts';

/** A redis-server that a test started. */
export interface TestRedis {
  readonly url: string;
  /** Starts it on the same port with the same data; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it by pid. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Freezes it (SIGSTOP) or lets it go on: a Redis that is there and does not answer. */
  freeze(frozen: boolean): void;
  flush(): Promise<void>;
  /** Ends it and removes its directory. */
  destroy(): Promise<void>;
}

const startTimeoutMs = 30_000;

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a redis-server. `settings` come on top of those the product asks for. @param password that it asks for, if any */
export async function startRedis(settings: readonly string[] = [], password?: string): Promise<TestRedis> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'medic-redis-'));
  const url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  const asks = password === undefined ? [] : ['--requirepass', password];
  let child: ChildProcess | undefined;
  // A test that runs out of time never comes to destroy().
  const leaveNothing = (): void => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', leaveNothing);

  const lives = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const start = async (): Promise<void> => {
    if (lives()) return;
    const wanted = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'yes',
      // So each command is in the file before it is answered, and what is written outlives a SIGKILL. With `everysec` Redis may answer
      // two seconds before it writes, while the disk is slow (flushAppendOnlyFile in its aof.c).
      '--appendfsync',
      'no',
    ];
    child = spawn('redis-server', [...wanted, '--maxmemory-policy', 'noeviction', ...asks, ...settings], { stdio: 'ignore' });
    leash(child);
    await answering(url);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const ending = child;
    if (ending === undefined || !lives()) return;
    ending.kill('SIGCONT');
    ending.kill(signal);
    await once(ending, 'exit');
  };
  await start();
  return {
    url,
    start,
    stop,
    freeze: (frozen) => void child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT'),
    flush: async () => {
      const redis = new Redis(url);
      await redis.flushall();
      redis.disconnect();
    },
    destroy: async () => {
      await stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
      process.off('exit', leaveNothing);
    },
  };
}

async function answering(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null, commandTimeout: startTimeoutMs });
  redis.on('error', () => undefined);
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
