/**
 * What a worker does with a run it was given: carry it on, or put it back to wait, and say when to look again.
 *
 * Keys: those of run-state.ts, journal.ts, decisions.ts and exclusivity.ts. BullMQ's part: the run's own job is moved to delayed
 * while it waits (https://docs.bullmq.io/patterns/process-step-jobs#delaying), so a waiting run costs no worker.
 */
import { DelayedError, WaitingError } from 'bullmq';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Decision, Journal, RunOutcome, RunRequest } from '../engine/journal.ts';
import { remindersOf } from '../engine/reminders.ts';
import type { Advance, Clock, Decisions, Reporter } from '../engine/ports.ts';
import type { Tenure } from '../engine/tenure.ts';
import type { QueueLog } from './connection.ts';
import { readAbort, readDecisions } from './decisions.ts';
import type { CountedDecisions } from './decisions.ts';
import { holdCluster } from './exclusivity.ts';
import { openJournal } from './journal.ts';
import { keys } from './keys.ts';
import { promoteIfDelayed } from './promote.ts';
import { note, permitOf, raiseEpoch, readWaiting } from './run-state.ts';
import type { Waiting } from './run-state.ts';

/** What the engine is given to advance a run; main.ts adds the procedure, the world, the rules and the clock. */
export interface RunContext {
  readonly run: RunRequest;
  readonly journal: Journal;
  readonly decisions: Decisions;
  readonly reporter: Reporter;
  /** What this worker shows before it changes anything in the world. */
  readonly tenure: Tenure;
  /** Aborts when this worker must let go: it is closing, or it has lost the run. */
  readonly signal: AbortSignal;
  abortRequested(): Promise<Decision | undefined>;
}

/** Carries a run on until it ends, waits or must be let go. */
export type AdvanceRun = (context: RunContext) => Promise<Advance>;

/** How long things wait. */
export interface WaitLimits {
  /** A waiting run looks at its gate at least this often, should a wake have been lost. */
  readonly lookEveryMs: number;
  /** How long a run whose optional step was answered waits between two looks at a cluster that another run holds. */
  readonly heldRetryMs: number;
  /** How long a run that was let go for no reason of ours rests. */
  readonly letGoRestMs: number;
}

/** What taking a run up needs. */
export interface TakeUpDeps {
  readonly advance: AdvanceRun;
  /** A connection that waits while Redis is away. */
  readonly records: Redis;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly limits: WaitLimits;
  /** Aborts when this worker is closing. */
  readonly closing: AbortSignal;
}

/** One take-up of a run by this worker. */
export interface Take {
  readonly run: RunRequest;
  readonly job: Job<RunRequest>;
  /** Proves to BullMQ that this worker has the job. */
  readonly token: string;
  /** Aborts when the lock of the job is lost, or this process was given the run anew. */
  readonly lock: AbortSignal;
  /** The fence, once it is raised. */
  epoch?: number;
  /** What people said, and how much of it the engine has read; once the engine has been called. */
  decisions?: CountedDecisions;
}

/** How much of what people said at a gate has been listened to. */
export type Heard = Pick<Waiting, 'gateId' | 'decisionsRead'>;

/** Carries a run on. Gives its outcome when it has ended; else throws what tells BullMQ that the job was moved. */
export async function takeUp(deps: TakeUpDeps, take: Take): Promise<RunOutcome> {
  const { records, reporter, closing } = deps;
  const { run } = take;
  if (closing.aborted) return putBack(take);
  const waiting = await readWaiting(records, run.runId);
  if (waiting !== undefined && !(await hasNews(deps, run, waiting))) return waitAt(deps, take, waiting);
  if (take.job.deduplicationId !== undefined) {
    const holder = await holdCluster(records, run);
    if (holder !== undefined) {
      if (waiting !== undefined) reporter.progress(run, waiting.stepId, `waits until ${holder} is done with ${run.cluster}`);
      return sleepUntil(take, deps.clock.now().getTime() + deps.limits.heldRetryMs);
    }
  }
  take.epoch = await raiseEpoch(records, run.runId);
  deps.log.info({ runId: run.runId, epoch: take.epoch }, 'run taken up');
  return carryOn(deps, take, take.epoch);
}

async function carryOn(deps: TakeUpDeps, take: Take, epoch: number): Promise<RunOutcome> {
  const { records, reporter, clock, closing, limits } = deps;
  const { run } = take;
  const decisions = readDecisions(records);
  take.decisions = decisions;
  const journal = openJournal({ records, clock, run, epoch, decisionsRead: decisions.read });
  // A worker that died may have recorded something it could not report any more.
  reporter.moved(run);
  const advance = await deps.advance({
    run,
    journal,
    decisions,
    reporter,
    tenure: { runId: run.runId, epoch, permit: permitOf(records, run.runId, epoch) },
    signal: AbortSignal.any([take.lock, closing]),
    abortRequested: () => readAbort(records, run.runId),
  });
  // An engine that met a refused append and carried on regardless is not believed.
  const broken = journal.broken();
  if (broken !== undefined) throw broken;
  switch (advance.state) {
    case 'ended':
      return advance.outcome;
    case 'let-go':
      return closing.aborted ? putBack(take) : sleepUntil(take, clock.now().getTime() + limits.letGoRestMs);
    case 'waiting': {
      const waiting = waitingAt(advance, decisions.read(advance.gate.gateId) ?? 0);
      await note(records, run.runId, epoch, { waiting });
      // The cluster is recovered when only an optional step is left, so others may have it meanwhile.
      if (waiting.optional) await take.job.removeDeduplicationKey();
      return waitAt(deps, take, waiting);
    }
  }
}

function waitingAt({ gate, until }: Extract<Advance, { state: 'waiting' }>, decisionsRead: number): Waiting {
  const { gateId, stepId, expiresAt, otherwise } = gate;
  const remindAt = remindersOf(gate).map(({ at }) => at.toISOString());
  const wake = until === undefined ? {} : { wakeAt: until };
  return { gateId, stepId, expiresAt, optional: otherwise !== undefined, decisionsRead, remindAt, ...wake };
}

/** When a waiting run must be looked at although nobody speaks. */
function dueAt({ expiresAt, wakeAt }: Waiting): number {
  return Math.min(Date.parse(expiresAt), Date.parse(wakeAt ?? expiresAt));
}

/** Whether anything happened that a waiting run must act on. Once true it stays true until the run was taken up. */
async function hasNews({ records, clock }: TakeUpDeps, run: RunRequest, waiting: Waiting): Promise<boolean> {
  return clock.now().getTime() >= dueAt(waiting) || hasSpoken(records, run, waiting);
}

/** Whether a person has said something that nobody has listened to. @param heard nothing for a run that is at no gate */
export async function hasSpoken(records: Redis, run: RunRequest, heard: Heard | undefined): Promise<boolean> {
  if (heard !== undefined && (await records.llen(keys.said(heard.gateId))) > heard.decisionsRead) return true;
  return (await readAbort(records, run.runId)) !== undefined;
}

/** Moves the run to delayed until its gate reminds or expires or what was said begins to count. */
async function waitAt(deps: TakeUpDeps, take: Take, waiting: Waiting): Promise<never> {
  const { clock, limits, reporter } = deps;
  const nowMs = clock.now().getTime();
  const reminders = waiting.remindAt.map((at) => Date.parse(at));
  // Said at every look from then on: whoever renders knows what was posted, and a report that was lost is made good.
  if (reminders.some((at) => at <= nowMs)) reporter.moved(take.run);
  const until = Math.min(dueAt(waiting), nowMs + limits.lookEveryMs, ...reminders.filter((at) => at > nowMs));
  return sleepUnlessNews(take, until, () => hasNews(deps, take.run, waiting));
}

/** Moves the run to delayed, then looks once more: a word that came before the move found nothing to promote. */
export async function sleepUnlessNews({ job, token }: Take, atMs: number, isNews: () => Promise<boolean>): Promise<never> {
  await job.moveToDelayed(atMs, token);
  if (await isNews()) await promoteIfDelayed(job);
  throw new DelayedError();
}

/** Moves the run to delayed for a moment, which whoever speaks meanwhile has to wait. */
export async function sleepUntil({ job, token }: Take, atMs: number): Promise<never> {
  await job.moveToDelayed(atMs, token);
  throw new DelayedError();
}

/** Gives the run to whichever worker is free. */
export async function putBack({ job, token }: Take): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}
