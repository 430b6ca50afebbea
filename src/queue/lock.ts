/**
 * Keeps the lock of one take-up of a run. BullMQ's own renewal goes by the id of the job, so that the end of one take-up stops that of the
 * next (ADR 18); this one goes by the token, which each take-up has for itself.
 *
 * Keys: BullMQ's.
 */
import type { Job } from 'bullmq';
import type { Clock } from '../engine/ports.ts';
import type { QueueLog } from './connection.ts';

interface KeepLockDeps {
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly lockDurationMs: number;
}

/** The job that is locked, and what proves that the lock is ours. */
interface Locked {
  readonly job: Pick<Job, 'id' | 'extendLock'>;
  readonly token: string;
}

/** An answer may be late, or not come at all, and the lock still be renewed in time. */
const renewalsInOneLock = 4;

/**
 * Renews a lock until it is told to stop, or the lock is lost: https://docs.bullmq.io/patterns/manually-fetching-jobs
 * @param whenLost called once, when the job is not under this token any more
 * @returns what stops it
 */
export function keepLock(deps: KeepLockDeps, locked: Locked, whenLost: () => void): () => void {
  const stopped = new AbortController();
  void renew(deps, locked, stopped.signal, whenLost);
  return () => stopped.abort();
}

async function renew(
  { clock, log, lockDurationMs }: KeepLockDeps,
  { job, token }: Locked,
  stopped: AbortSignal,
  whenLost: () => void,
): Promise<void> {
  for (;;) {
    await clock.sleep(lockDurationMs / renewalsInOneLock, stopped).catch(() => undefined);
    if (stopped.aborted) return;
    try {
      if ((await job.extendLock(token, lockDurationMs)) === 1) continue;
      log.warn({ job: job.id }, 'lock of the run was lost');
      return whenLost();
    } catch (error) {
      // Nobody knows whether it is lost: Redis says so when it answers again.
      log.warn({ job: job.id, because: error instanceof Error ? error.message : String(error) }, 'lock of the run could not be renewed');
    }
  }
}
