/**
 * What happens to a run when advancing it failed through no step of its own: a journal that could not be written, a bug of ours.
 * The run keeps its cluster, is tried again after growing pauses, and ends only when a person aborts it or after a day; never in
 * silence, and never in a hot loop.
 *
 * Keys: `medic:run:<runId>` (`faults`), the journal for the end, and `medic:said:<gateId>`, read only.
 */
import { DelayedError, WaitingError } from 'bullmq';
import { isOpsError } from '../errors.ts';
import type { RunOutcome, RunRequest } from '../engine/journal.ts';
import { viewOf } from '../engine/view.ts';
import type { RunView } from '../engine/view.ts';
import { readAbort } from './decisions.ts';
import { openJournal, readJournal } from './journal.ts';
import { keys } from './keys.ts';
import { writeProgress } from './progress.ts';
import { isNotOurs } from './promote.ts';
import { note, permitOf, raiseEpoch, readFaults } from './run-state.ts';
import type { Faults } from './run-state.ts';
import { hasSpoken, putBack, sleepUnlessNews } from './take-up.ts';
import type { Heard, Take, TakeUpDeps } from './take-up.ts';

const firstPauseMs = 1_000;
const slowestPauseMs = 5 * 60_000;
/** A run that went this long without a fault begins to count anew. */
const forgetAfterMs = 3_600_000;
/** How long a run is tried before it ends as failed. */
const giveUpAfterMs = 24 * 3_600_000;

/** The pause after the n-th fault in a row. */
export function pauseMs(count: number): number {
  return Math.min(firstPauseMs * 2 ** Math.min(count - 1, 16), slowestPauseMs);
}

/** Decides what becomes of a run after something was thrown. Gives an outcome when the run was ended here; else throws BullMQ's control flow. */
export async function afterFault(deps: TakeUpDeps, take: Take, error: unknown): Promise<RunOutcome> {
  if (error instanceof DelayedError || error instanceof WaitingError) throw error;
  const { log, closing } = deps;
  const { runId } = take.run;
  if (isNotOurs(error) || isOpsError(error, 'RUN_TAKEN_OVER')) {
    log.info({ runId, epoch: take.epoch }, 'run is in the hands of another worker');
    throw new DelayedError();
  }
  try {
    if (isOpsError(error, 'HOST_FENCED') && (await isElsewhere(deps, take))) {
      log.info({ runId, epoch: take.epoch, because: error.message }, 'run is in the hands of another worker, as a host said');
      throw new DelayedError();
    }
    if (isOpsError(error, 'GATE_MOVED') || closing.aborted) return await putBack(take);
    return await countFault(deps, take, error);
  } catch (second) {
    if (second instanceof DelayedError || second instanceof WaitingError) throw second;
    // Neither moved nor noted: the lock runs out, and whichever worker sees it first takes the run up.
    log.error({ runId, error, second }, 'run could not be put back; it goes on when its lock has run out');
    throw new DelayedError();
  }
}

/**
 * Whether Redis, too, says that another worker has the run. When it does not, it has lost what a host remembers: that is a fault like
 * any other, shown in the thread and tried again under a newer epoch.
 */
async function isElsewhere({ records }: TakeUpDeps, { run, epoch }: Take): Promise<boolean> {
  if (epoch === undefined) return false;
  return permitOf(records, run.runId, epoch)().then(
    () => false,
    (error: unknown) => {
      if (isOpsError(error, 'RUN_TAKEN_OVER')) return true;
      throw error;
    },
  );
}

async function countFault(deps: TakeUpDeps, take: Take, error: unknown): Promise<RunOutcome> {
  const { records, clock, log } = deps;
  const { run } = take;
  const now = clock.now();
  const because = error instanceof Error ? error.message : String(error);
  const earlier = await readFaults(records, run.runId);
  const goesOn = earlier !== undefined && now.getTime() - Date.parse(earlier.lastAt) < forgetAfterMs;
  const faults: Faults = {
    count: goesOn ? earlier.count + 1 : 1,
    firstAt: goesOn ? earlier.firstAt : now.toISOString(),
    lastAt: now.toISOString(),
    because,
  };
  // Without an epoch not even the take-up worked; raising it drops what the run waited for, which may be what cannot be read.
  const epoch = take.epoch ?? (await raiseEpoch(records, run.runId));
  await note(records, run.runId, epoch, { faults });
  log.error({ runId: run.runId, faults, error }, 'run could not be advanced');
  const abort = await readAbort(records, run.runId);
  if (abort !== undefined)
    return endBy(deps, run, epoch, 'aborted', `Aborted by ${abort.by} after etcd-medic could not carry it on: ${because}`);
  if (now.getTime() - Date.parse(faults.firstAt) >= giveUpAfterMs) {
    return endBy(deps, run, epoch, 'failed', `etcd-medic could not carry it on for a day: ${because} The steps above say what was done.`);
  }
  const view = await viewIfReadable(deps, run);
  const heard = await heardBy(deps, take, view);
  const pause = pauseMs(faults.count);
  await tell(
    deps,
    view,
    `etcd-medic could not carry it on (${because}); attempt ${faults.count + 1} follows in ${Math.ceil(pause / 1000)} s`,
    pause,
  );
  return sleepUnlessNews(take, now.getTime() + pause, () => hasSpoken(records, run, heard));
}

/**
 * How much of what was said at the open gate this take-up has listened to. Where the engine failed before it listened, what was said by now
 * is no news: a run that fails like that each time must rest all the same.
 */
async function heardBy({ records }: TakeUpDeps, { decisions }: Take, view: RunView | undefined): Promise<Heard | undefined> {
  const gateId = view?.openGate?.gateId;
  if (gateId === undefined) return undefined;
  return { gateId, decisionsRead: decisions?.read(gateId) ?? (await records.llen(keys.said(gateId))) };
}

/** Ends a run that its engine cannot end. */
async function endBy(
  { records, clock, reporter }: TakeUpDeps,
  run: RunRequest,
  epoch: number,
  outcome: RunOutcome,
  summary: string,
): Promise<RunOutcome> {
  const journal = openJournal({ records, clock, run, epoch, decisionsRead: () => undefined });
  await journal.append({ type: 'run-ended', outcome, summary });
  reporter.moved(run);
  return outcome;
}

/** Shows a fault beside the step that runs. */
async function tell({ records, reporter }: TakeUpDeps, view: RunView | undefined, text: string, forMs: number): Promise<void> {
  const step = view?.steps.find(({ state }) => state === 'running');
  if (view === undefined || step === undefined) return;
  await writeProgress(records, view.run.runId, { stepId: step.id, text }, forMs * 2);
  reporter.moved(view.run);
}

async function viewIfReadable({ records }: Pick<TakeUpDeps, 'records'>, run: RunRequest): Promise<RunView | undefined> {
  try {
    return viewOf(run, await readJournal(records, run.runId));
  } catch (error) {
    // A journal that cannot be read shows neither step nor gate; the log has the fault.
    if (isOpsError(error, 'JOURNAL_INVALID')) return undefined;
    throw error;
  }
}
