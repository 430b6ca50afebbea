/**
 * A run read back from Redis, as far as it can be read.
 * Keys: read only; the request is the data of the run's job.
 */
import type { Redis } from 'ioredis';
import { OpsError, isOpsError } from '../errors.ts';
import type { JournalEntry, RunRequest } from '../engine/journal.ts';
import { viewOf } from '../engine/view.ts';
import type { RunView } from '../engine/view.ts';
import type { RunId } from '../ids.ts';
import { RunRequestSchema } from './journal-schema.ts';
import { readJournal } from './journal.ts';
import { goneInWords, lossInWords, nowInWords, readLoss } from './marker.ts';
import { readProgress } from './progress.ts';
import type { Queues } from './queues.ts';

/** What reading a run needs. */
export interface ViewingDeps {
  readonly redis: Redis;
  readonly queues: Pick<Queues, 'runs'>;
}

/** A run with the entries its view was made of. */
export interface Viewing {
  readonly view: RunView;
  readonly entries: readonly JournalEntry[];
}

/** What a run was asked to do. @throws RUN_NOT_FOUND, JOURNAL_INVALID */
export async function requestOf({ redis, queues }: ViewingDeps, runId: RunId): Promise<RunRequest> {
  const job = await queues.runs.getJob(runId);
  if (job === undefined) throw await notFound(redis, runId);
  const request = RunRequestSchema.safeParse(job.data);
  if (!request.success)
    throw new OpsError('JOURNAL_INVALID', `What run ${runId} was asked to do cannot be read.`, { cause: request.error });
  return request.data;
}

/** Why it is not there: an emptied Redis is not passed over in silence. */
async function notFound(redis: Redis, runId: RunId): Promise<OpsError> {
  const loss = await readLoss(redis);
  if (loss === undefined) return new OpsError('RUN_NOT_FOUND', `There is no run ${runId}.`);
  const run = loss.runs.find((one) => one.runId === runId);
  if (run === undefined)
    return new OpsError('RUN_NOT_FOUND', `There is no run ${runId}; ${lossInWords(loss)}, so runs from before are not known.`);
  return new OpsError('RUN_NOT_FOUND', goneInWords(loss, run), { hint: nowInWords(run) });
}

/** A run as people see it. @throws RUN_NOT_FOUND, JOURNAL_INVALID */
export async function readRun({ redis, queues }: ViewingDeps, runId: RunId): Promise<Viewing> {
  const [request, entries, progress] = await Promise.all([
    requestOf({ redis, queues }, runId),
    readJournal(redis, runId),
    readProgress(redis, runId),
  ]);
  return { view: viewOf(request, entries, progress), entries };
}

/**
 * A run as far as it can be shown: one whose journal cannot be read is shown without its steps, and says why. It must neither hide
 * other runs nor be hidden itself, because a person has to end it.
 * @throws RUN_NOT_FOUND, and JOURNAL_INVALID when not even the request can be read
 */
export async function readRunOrReason(deps: ViewingDeps, runId: RunId): Promise<Viewing> {
  try {
    return await readRun(deps, runId);
  } catch (error) {
    if (!isOpsError(error, 'JOURNAL_INVALID')) throw error;
    const view = viewOf(await requestOf(deps, runId), []);
    return { view: { ...view, state: 'running', summary: `${error.message} ${error.hint}` }, entries: [] };
  }
}
