/**
 * The way out of the report outbox: renders runs as they stand, delivers answers, and tries again for hours when that fails.
 *
 * Keys: `medic:unreported` (a run leaves it when it was rendered to its last entry), `medic:run:<runId>` (`reported`: the number of
 * entries last rendered), `medic:paced:<runId>` (a moment's pause between two renderings of one run), and BullMQ's.
 */
import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { isOpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { QueryRequest } from '../engine/runs.ts';
import type { RunId } from '../ids.ts';
import type { QueueLog } from './connection.ts';
import { maxStalledCount, ReportDataSchema } from './jobs.ts';
import type { ReportData, Reply } from './jobs.ts';
import { keys, queueNames, queuePrefix } from './keys.ts';
import { reportedLua } from './lua.ts';
import type { LostRun } from './marker.ts';
import { enqueueReport, reportBackoffMs } from './reporter.ts';
import type { Queues } from './queues.ts';
import { readRunOrReason } from './viewing.ts';
import type { Viewing } from './viewing.ts';
import { closeWithin, listen } from './worker.ts';
import type { Closable } from './worker.ts';

/** What a front does with reports. Both may be called again for the same state: they make the front match it. An OpsError whose retry is `never` gives the report up. */
export interface ReportSink {
  render(rendering: Viewing, signal: AbortSignal): Promise<void>;
  /** @param queryId the same at every attempt: by it a repeated delivery is known */
  deliver(delivery: { readonly queryId: string; readonly query: QueryRequest; readonly reply: Reply }, signal: AbortSignal): Promise<void>;
  /** Says that Redis was emptied and this run is gone. */
  tellLoss(loss: { readonly run: LostRun; readonly because: string; readonly hint: string }, signal: AbortSignal): Promise<void>;
}

interface ReportWorkerDeps {
  readonly workers: Redis;
  readonly records: Redis;
  readonly queues: Pick<Queues, 'runs' | 'reports'>;
  readonly sink: ReportSink;
  readonly clock: Clock;
  readonly log: QueueLog;
}

/** How the report worker behaves; every field has a default. */
export interface ReportWorkerOptions {
  readonly concurrency?: number;
  /** The least time between two renderings of one run: Slack takes about one edit a second. https://docs.slack.dev/apis/web-api/rate-limits */
  readonly paceMs?: number;
  /** How long one rendering may take. */
  readonly renderLimitMs?: number;
  /** How often runs are looked for whose report was lost on its way into the outbox. */
  readonly sweepEveryMs?: number;
  /** The pause before the n-th repetition. */
  readonly backoffMs?: (attemptsMade: number) => number;
}

const defaults = {
  concurrency: 5,
  paceMs: 1_000,
  renderLimitMs: 60_000,
  sweepEveryMs: 15_000,
  backoffMs: reportBackoffMs,
} as const satisfies Required<ReportWorkerOptions>;
/** A front that asks for no time at all is not asked again at once. */
const leastAskedMs = 1_000;
/** The most runs one sweep takes up. */
const maxSwept = 500;

/** Starts the worker of the outbox. */
export function createReportWorker(deps: ReportWorkerDeps, options: ReportWorkerOptions = {}): Closable {
  const settings = { ...defaults, ...options };
  const closing = new AbortController();
  const worker = new Worker<ReportData, void>(queueNames.reports, (job, token) => report(deps, settings, job, token ?? ''), {
    connection: deps.workers,
    prefix: queuePrefix,
    concurrency: settings.concurrency,
    maxStalledCount,
    settings: { backoffStrategy: (attemptsMade, _type, error) => askedToWaitMs(error) ?? settings.backoffMs(attemptsMade) },
  });
  listen(worker, deps.log);
  void sweepUntilClosed(deps, settings.sweepEveryMs, closing.signal);
  return { close: ({ deadlineMs }) => closeWithin(worker, deps.clock, deadlineMs, () => closing.abort()) };
}

/** What a front that limits its callers asked for (Slack: Retry-After): asking again sooner makes it worse, and later makes people wait. */
function askedToWaitMs(error: unknown): number | undefined {
  const asked = isOpsError(error) ? error.details['retryAfterMs'] : undefined;
  return typeof asked === 'number' ? Math.max(asked, leastAskedMs) : undefined;
}

async function report(deps: ReportWorkerDeps, settings: Required<ReportWorkerOptions>, job: Job<ReportData>, token: string): Promise<void> {
  const data = ReportDataSchema.parse(job.data);
  if (data.type === 'run') await pace(deps, settings.paceMs, data.runId, job, token);
  try {
    const signal = AbortSignal.timeout(settings.renderLimitMs);
    await Promise.race([bring(deps, data, signal), rejected(signal)]);
  } catch (error) {
    if (!isOpsError(error) || error.retry === 'later') throw error;
    // Nothing will make this report possible; the run itself is not touched by that.
    if (data.type === 'run') await deps.records.zrem(keys.unreported, data.runId);
    throw new UnrecoverableError(error.message);
  }
}

function bring(deps: ReportWorkerDeps, data: ReportData, signal: AbortSignal): Promise<void> {
  switch (data.type) {
    case 'run':
      return renderRun(deps, data.runId, signal);
    case 'answer':
      return deps.sink.deliver(data, signal);
    case 'loss':
      return deps.sink.tellLoss(data, signal);
  }
}

/** At most one rendering of a run in `paceMs`: the job waits the rest out, and what happens meanwhile is rendered with it. */
async function pace({ records, clock }: ReportWorkerDeps, paceMs: number, runId: RunId, job: Job, token: string): Promise<void> {
  const free = await records.set(keys.paced(runId), '1', 'PX', paceMs, 'NX');
  if (free === 'OK') return;
  const restMs = Math.max(await records.pttl(keys.paced(runId)), 1);
  await job.moveToDelayed(clock.now().getTime() + restMs, token);
  throw new DelayedError();
}

async function renderRun({ records, queues, sink }: ReportWorkerDeps, runId: RunId, signal: AbortSignal): Promise<void> {
  const rendering = await readRunOrReason({ redis: records, queues }, runId);
  await sink.render(rendering, signal);
  await records.eval(reportedLua, 3, keys.journal(runId), keys.unreported, keys.run(runId), runId, rendering.entries.length);
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('the report took too long')), { once: true }),
  );
}

/** At the start and from then on: enqueues every run whose journal is ahead of its report. */
async function sweepUntilClosed(deps: ReportWorkerDeps, everyMs: number, closing: AbortSignal): Promise<void> {
  const { clock, log, queues } = deps;
  while (!closing.aborted) {
    try {
      await sweep(deps, queues.reports);
    } catch (error) {
      // Redis is away, most likely; the next sweep finds the same runs.
      log.warn({ error }, 'reports could not be swept');
    }
    await clock.sleep(everyMs, closing).catch(() => undefined);
  }
}

async function sweep({ records }: Pick<ReportWorkerDeps, 'records'>, reports: Queue<ReportData>): Promise<void> {
  const behind = await records.zrange(keys.unreported, '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, maxSwept);
  for (const runId of behind) await enqueueReport(reports, runId as RunId);
}
