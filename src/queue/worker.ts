/**
 * The worker that carries runs: takes jobs of queue `runs`, one at a time for each run, several runs at a time.
 *
 * Keys: BullMQ's. A worker that dies leaves a stalled job, which another takes up within `lockDurationMs` + `stalledIntervalMs`:
 * https://docs.bullmq.io/guide/workers/stalled-jobs
 */
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RunOutcome, RunRequest } from '../engine/journal.ts';
import type { QueueLog } from './connection.ts';
import { afterFault } from './faults.ts';
import { maxStalledCount } from './jobs.ts';
import { RunRequestSchema } from './journal-schema.ts';
import { queueNames, queuePrefix } from './keys.ts';
import { keepLock } from './lock.ts';
import { announcePresence } from './presence.ts';
import { sleepUntil, takeUp } from './take-up.ts';
import type { Take, TakeUpDeps, WaitLimits } from './take-up.ts';
import type { Clock } from '../engine/ports.ts';

/** Something that takes jobs until it is closed. */
export interface Closable {
  /**
   * Takes no more jobs and lets those at work come to a stop.
   * @returns `cut` when something was still at work after `deadlineMs`: it is taken over elsewhere once this process has ended
   */
  close(options: { readonly deadlineMs: number }): Promise<'finished' | 'cut'>;
}

/** How a run worker behaves; every field has a default. */
export interface RunWorkerOptions extends Partial<WaitLimits> {
  /** Runs at a time. They wait for hosts, not for this machine. */
  readonly concurrency?: number;
  /** How long a run stays with a worker that is not heard of. The same on every worker. */
  readonly lockDurationMs?: number;
  /** How often workers look for runs of dead ones. */
  readonly stalledIntervalMs?: number;
}

interface RunWorkerDeps extends Omit<TakeUpDeps, 'limits' | 'closing'> {
  /** A connection without a limit on retries. */
  readonly workers: Redis;
}

const defaults = {
  concurrency: 10,
  lockDurationMs: 30_000,
  stalledIntervalMs: 15_000,
  lookEveryMs: 60_000,
  heldRetryMs: 10_000,
  letGoRestMs: 1_000,
} as const satisfies Required<RunWorkerOptions>;

/** Starts a worker for runs. */
export function createRunWorker({ workers, ...deps }: RunWorkerDeps, options: RunWorkerOptions = {}): Closable {
  const { concurrency, lockDurationMs, stalledIntervalMs, ...limits } = { ...defaults, ...options };
  const closing = new AbortController();
  const takeUpDeps: TakeUpDeps = { ...deps, limits, closing: closing.signal };
  // What this process has at work, by run: none is carried on twice at once.
  const atWork = new Map<string, AbortController>();
  const worker = new Worker<RunRequest, RunOutcome>(
    queueNames.runs,
    async (job, token = '') => {
      const run = RunRequestSchema.parse(job.data);
      const lost = new AbortController();
      const take: Take = { run, job, token, lock: lost.signal };
      const stopRenewal = keepLock({ ...deps, lockDurationMs }, take, () => lost.abort());
      const earlier = atWork.get(run.runId);
      if (earlier === undefined) atWork.set(run.runId, lost);
      try {
        if (earlier === undefined) return await takeUp(takeUpDeps, take);
        // It lost its lock while this process, or Redis, stood still. It ends the step it is at, unless another worker is faster.
        earlier.abort();
        return await sleepUntil(take, deps.clock.now().getTime() + limits.letGoRestMs);
      } catch (error) {
        return await afterFault(takeUpDeps, take, error);
      } finally {
        stopRenewal();
        if (earlier === undefined) atWork.delete(run.runId);
      }
    },
    {
      connection: workers,
      prefix: queuePrefix,
      concurrency,
      lockDuration: lockDurationMs,
      // It goes by job, and each take-up has a lock of its own.
      skipLockRenewal: true,
      stalledInterval: stalledIntervalMs,
      maxStalledCount,
    },
  );
  listen(worker, deps.log);
  void announcePresence({ ...deps, signal: closing.signal });
  return { close: ({ deadlineMs }) => closeWithin(worker, deps.clock, deadlineMs, () => closing.abort()) };
}

/** Says in the log what a worker cannot say otherwise. */
export function listen(worker: Pick<Worker, 'on' | 'name'>, log: QueueLog): void {
  worker.on('error', (error) => log.warn({ queue: worker.name, because: error.message }, 'worker failed'));
  worker.on('failed', (job, error) =>
    log.error({ queue: worker.name, job: job?.id, attempt: job?.attemptsMade, because: error.message }, 'job failed'),
  );
  worker.on('stalled', (jobId) => log.warn({ queue: worker.name, job: jobId }, 'job was taken over from a worker that is gone'));
}

/** Closes a worker; BullMQ's own close waits without a limit: https://docs.bullmq.io/guide/workers/graceful-shutdown */
export async function closeWithin(worker: Worker, clock: Clock, deadlineMs: number, letGo: () => void): Promise<'finished' | 'cut'> {
  const closed = worker.close().then(() => 'finished' as const);
  letGo();
  const done = new AbortController();
  const deadline = clock.sleep(deadlineMs, done.signal).then(
    () => 'cut' as const,
    () => closed,
  );
  const result = await Promise.race([closed, deadline]);
  done.abort();
  return result;
}
