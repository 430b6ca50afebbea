/**
 * The way into the report outbox: a run that moved becomes one job on queue `reports`, however often it moves before it is rendered.
 *
 * Keys: `medic:unreported` (written by the journal's append and with every decision, so that a report that could not be enqueued is found
 * by the sweep of the report worker), `medic:progress:<runId>`, and BullMQ's own. Deduplication `keepLastIfActive`: while a report of a run is being
 * rendered at most one more waits behind it, so the newest state is always rendered after the last change, and one at a time.
 * https://docs.bullmq.io/guide/jobs/deduplication#keep-last-if-active-mode
 */
import type { JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Reporter } from '../engine/ports.ts';
import type { RunId } from '../ids.ts';
import { keepOthers } from './jobs.ts';
import type { ReportData } from './jobs.ts';
import { writeProgress } from './progress.ts';

interface ReporterDeps {
  /** A connection that fails fast. */
  readonly front: Redis;
  readonly reports: Queue<ReportData>;
  /** Milliseconds of any clock that only goes forward. */
  readonly monotonicMs?: () => number;
}

/** With the pauses of `reportBackoffMs` about twelve hours of trying, less where a front names shorter ones; the sweep begins anew after that. */
const reportAttempts = 2_900;
const firstReportBackoffMs = 1_000;
/** Somebody may wait for a card: once the front is back it is not to take long. */
const slowestReportBackoffMs = 15_000;
/** Changes that come closer together than this are rendered together. */
const gatherMs = 150;
/** Progress is passed on at most this often for each run. */
const progressEveryMs = 1_000;

/** How a failed report is tried again. The type is resolved by the worker's `backoffStrategy`. */
export const reportOptions: JobsOptions = {
  attempts: reportAttempts,
  backoff: { type: 'capped' },
  removeOnComplete: true,
  removeOnFail: keepOthers,
};

/** The pause before the next attempt: doubled each time, up to a quarter of a minute. @param attemptsMade 1 after the first failure */
export function reportBackoffMs(attemptsMade: number): number {
  return Math.min(firstReportBackoffMs * 2 ** Math.min(attemptsMade - 1, 16), slowestReportBackoffMs);
}

/** Puts a run into the outbox, to be rendered as it stands when its turn comes. */
export async function enqueueReport(reports: Queue<ReportData>, runId: RunId): Promise<void> {
  await reports.add(
    'run',
    { type: 'run', runId },
    { ...reportOptions, delay: gatherMs, deduplication: { id: runId, keepLastIfActive: true } },
  );
}

/** Makes the reporter of a worker. Neither call throws or waits. */
export function createReporter({ front, reports, monotonicMs = () => performance.now() }: ReporterDeps): Reporter {
  const lastProgressMs = new Map<RunId, number>();
  return {
    moved: ({ runId }) => {
      // Nothing is lost when this fails: the append has put the run into `medic:unreported`, and the sweep finds it there.
      enqueueReport(reports, runId).catch(() => undefined);
    },
    progress: ({ runId }, stepId, text) => {
      const nowMs = monotonicMs();
      if (nowMs - (lastProgressMs.get(runId) ?? -Infinity) < progressEveryMs) return;
      for (const [known, atMs] of lastProgressMs) if (nowMs - atMs >= progressEveryMs) lastProgressMs.delete(known);
      lastProgressMs.set(runId, nowMs);
      // Progress may be dropped: the next word on it comes soon.
      writeProgress(front, runId, { stepId, text })
        .then(() => enqueueReport(reports, runId))
        .catch(() => undefined);
    },
  };
}
