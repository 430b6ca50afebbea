/** Everything of queue/ put together on one Redis of its own, as main.ts does it. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { Gate, RunRequest } from '../../src/engine/journal.ts';
import type { Runs } from '../../src/engine/runs.ts';
import type { RunView } from '../../src/engine/view.ts';
import { OpsError } from '../../src/errors.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import type { RunId } from '../../src/ids.ts';
import { connect, untilConnected } from '../../src/queue/connection.ts';
import type { Connections, QueueLog } from '../../src/queue/connection.ts';
import { openQueues } from '../../src/queue/queues.ts';
import type { Queues } from '../../src/queue/queues.ts';
import { createReporter } from '../../src/queue/reporter.ts';
import { createRuns } from '../../src/queue/runs.ts';
import type { AdvanceRun } from '../../src/queue/take-up.ts';
import { translated } from '../../src/queue/unavailable.ts';
import { createRunWorker } from '../../src/queue/worker.ts';
import type { Closable, RunWorkerOptions } from '../../src/queue/worker.ts';
import { scripted, systemClock } from './fixtures/scripted.ts';
import type { Word } from './fixtures/scripted.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';
import { until } from './until.ts';

export const silent: QueueLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
export const prod = ClusterName.parse('prod');
export const alice = UserId.parse('U0ALICE');
export const bob = UserId.parse('U0BOB');
export const requester = { user: alice, channel: 'C0INCIDENT', via: 'slack' } as const;
/** A small lock, so that a dead worker's runs are taken up while a test waits. */
export const quick = { lockDurationMs: 1_000, stalledIntervalMs: 500 } as const;

/** How long a front waits for Redis. A stall of the test's own process counts as a wait, so it is far more than the product's own limit. */
export const patientMs = 20_000;
/** How long a connection may take to come (back). */
export const connectLimitMs = 30_000;

/** What a test has at hand. */
export interface Bench extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly connections: Connections;
  readonly queues: Queues;
  readonly runs: Runs;
  /** A connection for looking and for what the scripted steps do. */
  readonly probe: Redis;
  worker(options?: RunWorkerOptions & { readonly advance?: AdvanceRun; readonly log?: QueueLog }): Closable;
  /** A worker in a process of its own. */
  workerProcess(): Promise<ChildProcess>;
  submit(words: readonly Word[], options?: Partial<RunRequest>): ReturnType<Runs['submit']>;
  /** Submits, and fails when the cluster is held. */
  begin(words: readonly Word[], options?: Partial<RunRequest>): Promise<RunRequest>;
  gate(runId: RunId, limitMs?: number): Promise<Gate>;
  ended(runId: RunId, limitMs?: number): ReturnType<Runs['view']>;
}

/** Sets the bench. Runs of procedure `free` are not exclusive. @param patient false for a test of how soon a front gives up: then as by the product's default */
export async function bench({ patient = true } = {}): Promise<Bench> {
  const redis = await startRedis();
  const connections = connect({ url: redis.url, log: silent, ...(patient && { commandTimeoutMs: patientMs }) });
  await untilConnected(connections, connectLimitMs);
  const queues = openQueues({ front: connections.front, log: silent });
  const runs = createRuns({ front: connections.front, queues, isExclusive: (procedure) => procedure !== 'free', clock: systemClock });
  const probe = new Redis(redis.url, { maxRetriesPerRequest: null });
  probe.on('error', () => undefined);
  const workers: Closable[] = [];
  const processes: ChildProcess[] = [];
  const submit: Bench['submit'] = (words, options = {}) =>
    runs.submit({ procedure: 'restore', cluster: prod, input: words, requester, mode: 'execute', ...options });
  return {
    redis,
    connections,
    queues,
    runs,
    probe,
    worker: ({ advance = scripted({ redis: probe }), log = silent, ...options } = {}) => {
      const reporter = createReporter({ front: connections.front, reports: queues.reports });
      const { workers: connection, records } = connections;
      const worker = createRunWorker({ workers: connection, records, reporter, advance, clock: systemClock, log }, options);
      workers.push(worker);
      return worker;
    },
    workerProcess: async () => {
      const script = fileURLToPath(new URL('fixtures/worker.ts', import.meta.url));
      const child = fork(script, [redis.url, String(quick.lockDurationMs), String(quick.stalledIntervalMs)], { execArgv: [] });
      processes.push(child);
      await once(child, 'message');
      return child;
    },
    submit,
    begin: async (words, options) => {
      const submission = await submit(words, options);
      if (submission.state === 'held') throw new Error(`held by ${submission.by.run.runId}`);
      return submission.run;
    },
    gate: (runId, limitMs) => until(`${runId} waits at a gate`, () => whileRedisMayBeAway(() => settledGate(runs, queues, runId)), limitMs),
    ended: (runId, limitMs) => until(`${runId} has ended`, () => whileRedisMayBeAway(() => settledEnd(runs, queues, runId)), limitMs),
    [Symbol.asyncDispose]: async () => {
      await redis.start().catch(() => undefined);
      for (const child of processes) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.close({ deadlineMs: 2_000 })));
      await queues.close();
      await connections.close();
      probe.disconnect();
      await redis.destroy();
    },
  };
}

/** The open gate of a run that has been put to wait. */
async function settledGate(runs: Runs, queues: Queues, runId: RunId): Promise<Gate | undefined> {
  return (await queues.runs.getJobState(runId)) === 'delayed' ? runs.openGate(runId) : undefined;
}

/** A run that has ended and that its worker has let go. */
async function settledEnd(runs: Runs, queues: Queues, runId: RunId): Promise<RunView | undefined> {
  const view = await runs.view(runId);
  return view.state === 'ended' && (await queues.runs.getJobState(runId)) === 'completed' ? view : undefined;
}

/** A front refuses at once while its connection is away, which it may still be when a worker's own connection is back. */
function whileRedisMayBeAway<T>(look: () => Promise<T>): Promise<T | undefined> {
  return look().catch((error: unknown) => {
    const seen = translated(error);
    if (seen instanceof OpsError && seen.code === 'QUEUE_UNAVAILABLE') return undefined;
    throw error;
  });
}
