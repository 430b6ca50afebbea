/**
 * What a front may ask of runs, over Redis: start, see, decide, end.
 * Keys: `medic:index`, `medic:index:<cluster>` (sorted sets of run ids by time), `medic:progress:<runId>`, and those of journal.ts
 * and decisions.ts. A run is the BullMQ job on queue `runs` whose id is the run id; its data is the request and never changes.
 */
import type { JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { verifyChain } from '../engine/chain.ts';
import { OpsError, isOpsError } from '../errors.ts';
import type { RunRequest } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs, Submission } from '../engine/runs.ts';
import type { RunView } from '../engine/view.ts';
import { newRunId } from '../ids.ts';
import type { ClusterName, RunId } from '../ids.ts';
import { recordDecision, requestAbort } from './decisions.ts';
import { keepOthers, keepRuns } from './jobs.ts';
import { keys, retentionMs } from './keys.ts';
import { countWorkers } from './presence.ts';
import { promoteIfDelayed } from './promote.ts';
import type { Queues } from './queues.ts';
import { enqueueReport } from './reporter.ts';
import { readStored } from './stored-journal.ts';
import { available, isRedisError } from './unavailable.ts';
import { readRun, readRunOrReason, requestOf } from './viewing.ts';
import type { ViewingDeps } from './viewing.ts';

interface RunsDeps {
  /** A connection that fails fast. */
  readonly front: Redis;
  readonly queues: Pick<Queues, 'runs' | 'queries' | 'reports'>;
  /** Whether only one run of this procedure may live on a cluster at a time. */
  readonly isExclusive: (procedure: string) => boolean;
  readonly clock: Clock;
}

/** How long a submission is tried again while the run that holds the cluster has ended: its worker has yet to say so to BullMQ, and may be slow. */
const endingLimitMs = 5_000;
const submitAgainMs = 50;
/** The largest request a person can make, in bytes of JSON. */
const maxRequestBytes = 64 * 1024;
/** The most runs that are listed at once. */
const maxListed = 200;

/** A question reads only, so it may be asked again when its answer could not be put into the outbox. */
const questionOptions: JobsOptions = {
  attempts: 5,
  backoff: { type: 'fixed', delay: 2_000 },
  removeOnComplete: keepOthers,
  removeOnFail: keepOthers,
  sizeLimit: maxRequestBytes,
};

/** Makes the runs of this Redis. */
export function createRuns(deps: RunsDeps): Runs {
  const { front, queues } = deps;
  const read = (runId: RunId) => readRun(viewing(deps), runId);
  return {
    submit: (request) => available(() => submit(deps, request)),
    ask: (query) =>
      available(async () => {
        const job = await queues.queries.add(query.verb, query, questionOptions);
        return job.id ?? '';
      }),
    workers: () => countWorkers(front),
    list: ({ cluster, limit }) => available(() => listRuns(deps, cluster, limit)),
    request: (runId) => available(() => requestOf(viewing(deps), runId)),
    view: (runId) => available(async () => (await read(runId)).view),
    journal: (runId) => available(async () => (await read(runId)).entries),
    verifyJournal: (runId) => available(async () => verifyChain(await requestOf(viewing(deps), runId), await readStored(front, runId))),
    openGate: (runId) => available(async () => (await read(runId)).view.openGate),
    decide: (gateId, said) =>
      available(async () => {
        const { receipt, runId } = await recordDecision(front, gateId, { ...said, at: deps.clock.now().toISOString() }).catch(
          inDoubt(runAt(gateId), 'your word on', 'At the same gate saying it again is safe: it counts once.'),
        );
        if (runId !== undefined) await hasten([wake(deps, runId), enqueueReport(queues.reports, runId)]);
        return receipt;
      }),
    abort: (runId, by) =>
      available(async () => {
        const { view } = await readRunOrReason(viewing(deps), runId);
        if (view.state === 'ended') return { state: 'ended-already' };
        await requestAbort(front, runId, { verdict: 'abort', by, at: deps.clock.now().toISOString() }).catch(
          inDoubt(runId, 'the abort of', 'Saying it again is safe.'),
        );
        await hasten([wake(deps, runId)]);
        return { state: 'asked' };
      }),
  };
}

async function submit(deps: RunsDeps, asked: Omit<RunRequest, 'runId' | 'requestedAt'>): Promise<Submission> {
  const { queues, clock } = deps;
  const exclusive = asked.mode === 'execute' && deps.isExclusive(asked.procedure);
  const until = clock.now().getTime() + endingLimitMs;
  for (;;) {
    const run: RunRequest = { ...asked, runId: newRunId(asked.procedure, asked.cluster), requestedAt: clock.now().toISOString() };
    // Its id is taken: one in sixteen million.
    if (!(await enterIndex(deps, run))) continue;
    // No attempts of BullMQ's: to try a step again is a person's word.
    const options: JobsOptions = {
      jobId: run.runId,
      attempts: 1,
      removeOnComplete: keepRuns,
      removeOnFail: keepRuns,
      sizeLimit: maxRequestBytes,
    };
    const job = await queues.runs
      .add(asked.procedure, run, exclusive ? { ...options, deduplication: { id: asked.cluster } } : options)
      .catch((error: unknown): never => {
        throw isRedisError(error) ? notKnown(run, error) : error;
      });
    if (job.id === run.runId) return { state: 'started', run };
    await leaveIndex(deps, run);
    const holder = await viewIfAny(deps, job.id as RunId);
    // A run that has said its last word gives the cluster back within moments.
    const isLate = clock.now().getTime() >= until;
    if (holder !== undefined && (holder.state !== 'ended' || isLate)) return { state: 'held', by: holder };
    if (isLate) throw new OpsError('CLUSTER_HELD', `Runs on ${asked.cluster} ended and began faster than this one could start.`);
    await clock.sleep(submitAgainMs);
  }
}

/** Redis may have taken the job although its answer never came; so the run stays in the index, where it is passed over when there is no job. */
function notKnown({ runId, cluster }: RunRequest, cause: unknown): OpsError {
  return new OpsError('QUEUE_UNAVAILABLE', `Redis did not answer in time, so it is not known whether ${runId} was started.`, {
    hint: `When Redis answers again, \`runs ${cluster}\` shows whether it was; look there before you send the command again.`,
    cause,
  });
}

/** A run as far as it can be shown; undefined when it ended and was removed in between. */
async function viewIfAny(deps: RunsDeps, runId: RunId): Promise<RunView | undefined> {
  try {
    return (await readRunOrReason(viewing(deps), runId)).view;
  } catch (error) {
    if (isOpsError(error, 'RUN_NOT_FOUND', 'JOURNAL_INVALID')) return undefined;
    throw error;
  }
}

function viewing({ front, queues }: RunsDeps): ViewingDeps {
  return { redis: front, queues };
}

/** The index is written before the job, so that no run is missing from it; an id without a job is passed over when listing. */
async function enterIndex({ front, clock }: RunsDeps, run: RunRequest): Promise<boolean> {
  const nowMs = clock.now().getTime();
  const isNew = (await front.zadd(keys.index, 'NX', nowMs, run.runId)) === 1;
  if (!isNew) return false;
  await front.zadd(keys.indexOf(run.cluster), nowMs, run.runId);
  await front.zremrangebyscore(keys.index, '-inf', nowMs - retentionMs);
  await front.zremrangebyscore(keys.indexOf(run.cluster), '-inf', nowMs - retentionMs);
  return true;
}

async function leaveIndex({ front }: RunsDeps, run: RunRequest): Promise<void> {
  await front.zrem(keys.index, run.runId);
  await front.zrem(keys.indexOf(run.cluster), run.runId);
}

async function listRuns(deps: RunsDeps, cluster: ClusterName | undefined, limit: number): Promise<readonly RunView[]> {
  if (limit < 1) return [];
  const index = cluster === undefined ? keys.index : keys.indexOf(cluster);
  const ids = await deps.front.zrevrange(index, 0, Math.min(limit, maxListed) - 1);
  const views = await Promise.all(ids.map((runId) => viewIfAny(deps, runId as RunId)));
  return views.filter((view) => view !== undefined);
}

/**
 * What makes a word count sooner. It is recorded by now, so nothing that fails here makes it uncounted: a run that waits looks by itself
 * (`lookEveryMs`), one that rests looks after its pause, one at work between two steps; and the sweep of the outbox finds what was not reported.
 */
async function hasten(calls: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(calls);
}

/** Redis may have recorded a word although its answer never came. */
function inDoubt(runId: string, what: string, again: string): (error: unknown) => never {
  return (error) => {
    if (!isRedisError(error)) throw error;
    throw new OpsError('QUEUE_UNAVAILABLE', `Redis did not answer in time, so it is not known whether ${what} ${runId} was recorded.`, {
      hint: `When Redis answers again, \`show ${runId}\` says where the run stands; look there first. ${again}`,
      cause: error,
    });
  };
}

/** The run a gate belongs to; what has no such name is told as it is. */
function runAt(gateId: string): string {
  return gateId.replace(/\.[^.]*$/, '');
}

async function wake({ queues }: RunsDeps, runId: RunId): Promise<void> {
  const job = await queues.runs.getJob(runId);
  if (job !== undefined) await promoteIfDelayed(job);
}
