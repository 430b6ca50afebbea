/**
 * The worker that answers questions: reads, changes nothing, and leaves the answer in the report outbox.
 * Keys: BullMQ's (`medic:queue:queries:…`).
 */
import { Worker } from 'bullmq';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { OpsError, isOpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { QueryRequest } from '../engine/runs.ts';
import type { Answer } from '../procedures/answer.ts';
import type { QueueLog } from './connection.ts';
import { keepOthers, maxStalledCount, QueryRequestSchema } from './jobs.ts';
import type { Reply } from './jobs.ts';
import { queueNames, queuePrefix } from './keys.ts';
import type { Queues } from './queues.ts';
import { reportOptions } from './reporter.ts';
import { closeWithin, listen } from './worker.ts';
import type { Closable } from './worker.ts';

interface QueryWorkerDeps {
  readonly workers: Redis;
  readonly queues: Pick<Queues, 'reports'>;
  /** Answers a question; main.ts finds the procedure and makes the world. */
  readonly answer: (query: QueryRequest) => Promise<Answer>;
  readonly clock: Clock;
  readonly log: QueueLog;
}

/** How the query worker behaves; every field has a default. */
export interface QueryWorkerOptions {
  readonly concurrency?: number;
  /** How long one answer may take; then the person is told so. */
  readonly answerLimitMs?: number;
}

const defaults = { concurrency: 5, answerLimitMs: 120_000 } as const satisfies Required<QueryWorkerOptions>;

/** Starts a worker for questions. */
export function createQueryWorker(deps: QueryWorkerDeps, options: QueryWorkerOptions = {}): Closable {
  const { concurrency, answerLimitMs } = { ...defaults, ...options };
  const worker = new Worker<QueryRequest, Reply>(queueNames.queries, (job) => answerJob(deps, answerLimitMs, job), {
    connection: deps.workers,
    prefix: queuePrefix,
    concurrency,
    maxStalledCount,
  });
  listen(worker, deps.log);
  return { close: ({ deadlineMs }) => closeWithin(worker, deps.clock, deadlineMs, () => undefined) };
}

/** The reply is the job's result, for a terminal that waits for it; to Slack it goes through the outbox. */
async function answerJob(deps: QueryWorkerDeps, limitMs: number, job: Job<QueryRequest>): Promise<Reply> {
  const query = QueryRequestSchema.parse(job.data);
  const queryId = job.id ?? '';
  const reply = await replyTo(deps, query, limitMs);
  if (query.requester.via === 'terminal') return reply;
  // The job id makes a second answer to the same question (after a worker's death) no second delivery; so a delivered one is kept.
  const options = { ...reportOptions, removeOnComplete: keepOthers, jobId: `answer-${queryId}` };
  await deps.queues.reports.add('answer', { type: 'answer', queryId, query, reply }, options);
  return reply;
}

/** Whatever goes wrong is an answer too: somebody waits for it. */
async function replyTo({ answer, clock, log }: QueryWorkerDeps, query: QueryRequest, limitMs: number): Promise<Reply> {
  const done = new AbortController();
  const limit = clock.sleep(limitMs, done.signal).then((): never => {
    throw new OpsError('ETCD_UNREACHABLE', `No answer to ${query.verb} ${query.cluster} within ${limitMs / 1000} s.`);
  });
  try {
    return { state: 'answered', answer: await Promise.race([answer(query), limit]) };
  } catch (error) {
    log.warn({ verb: query.verb, cluster: query.cluster, error }, 'question could not be answered');
    if (isOpsError(error)) return { state: 'failed', code: error.code, because: error.message, hint: error.hint };
    const because = error instanceof Error ? error.message : String(error);
    return {
      state: 'failed',
      code: 'INTERNAL',
      because: `etcd-medic met an error of its own: ${because}`,
      hint: 'Try again; report it as a bug if it stays.',
    };
  } finally {
    done.abort();
    limit.catch(() => undefined);
  }
}
