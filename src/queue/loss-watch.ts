/**
 * Notices that Redis was emptied, remembers which runs were alive, and has that said. Nothing is guessed or begun anew: a run that is gone
 * is finished by people.
 * Keys: `medic:marker`, and those of the runs that are remembered, read only.
 */
import type { Redis } from 'ioredis';
import { isOpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { RunView, StepView } from '../engine/view.ts';
import type { RunId } from '../ids.ts';
import type { QueueLog } from './connection.ts';
import { keepOthers } from './jobs.ts';
import { goneInWords, lookAtMark, lossInWords, nowInWords } from './marker.ts';
import type { Loss, LostRun } from './marker.ts';
import { reportOptions } from './reporter.ts';
import type { Queues } from './queues.ts';
import { createThreads } from './threads.ts';
import { readRunOrReason } from './viewing.ts';
import type { Viewing, ViewingDeps } from './viewing.ts';

interface LossWatchDeps {
  readonly front: Redis;
  readonly queues: Pick<Queues, 'runs' | 'reports'>;
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly signal: AbortSignal;
  /** How often it is looked; runs are remembered as of the last look. */
  readonly everyMs?: number;
}

/** Watches in the background. */
export interface LossWatch {
  /** What this process has seen Redis lose since it began; undefined when nothing. */
  lost(): Loss | undefined;
  /** Resolves when the signal has aborted and nothing is under way any more. */
  readonly done: Promise<void>;
}

const lookEveryMs = 2_000;
/** The most living runs that are remembered. */
const maxRemembered = 50;

/** Begins to watch. */
export function watchForLoss({ everyMs = lookEveryMs, ...deps }: LossWatchDeps): LossWatch {
  const { clock, log, signal } = deps;
  let known: string | undefined;
  let seenAt = clock.now().toISOString();
  let alive: readonly LostRun[] = [];
  let lost: Loss | undefined;
  const look = async () => {
    // The runs first: when the mark still stands after that, they were all there.
    const living = await livingRuns(deps);
    const noticedAt = clock.now().toISOString();
    const loss = { seenAt, noticedAt, runs: [...alive] };
    const mark = await lookAtMark(deps.front, known, loss);
    const isEmptied = known !== undefined && mark.id !== known;
    known = mark.id;
    if (isEmptied) {
      lost = loss;
      log.error({ loss, mark: mark.id }, `${lossInWords(loss)}: these runs are gone, and are not carried on`);
      if (mark.first) await tell(deps, loss, mark.id);
    }
    alive = living;
    seenAt = noticedAt;
  };
  const watch = async () => {
    while (!signal.aborted) {
      // Redis is away, most likely: what it has lost is seen when it is back.
      await look().catch((error: unknown) => {
        const because = error instanceof Error ? error.message : String(error);
        log.warn({ because }, 'could not look whether Redis still has what it had');
      });
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  };
  return { lost: () => lost, done: watch() };
}

/** Into the outbox, one for each run, so that a Slack that is away hears of it later. */
async function tell({ queues }: Pick<LossWatchDeps, 'queues'>, loss: Loss, mark: string): Promise<void> {
  for (const run of loss.runs) {
    const options = { ...reportOptions, removeOnComplete: keepOthers, jobId: `loss-${mark}-${run.runId}` };
    await queues.reports.add('loss', { type: 'loss', run, because: goneInWords(loss, run), hint: nowInWords(run) }, options);
  }
}

/** The runs that have not ended, from the queue itself: those are few. */
async function livingRuns({ front, queues }: Pick<LossWatchDeps, 'front' | 'queues'>): Promise<readonly LostRun[]> {
  const jobs = await queues.runs.getJobs(['active', 'waiting', 'delayed'], 0, maxRemembered - 1);
  const threads = createThreads(front);
  const found = await Promise.all(
    jobs.map(async ({ data: { runId } }) => {
      const [viewing, thread] = await Promise.all([viewIfAny({ redis: front, queues }, runId), threads.get(runId)]);
      if (viewing === undefined) return undefined;
      const { view, entries } = viewing;
      const opened = entries.findLast((entry) => entry.type === 'gate-opened');
      const card = view.openGate === undefined ? undefined : thread?.replies[`gate:${opened?.seq}`];
      return {
        ...remembered(view),
        ...(thread !== undefined && { channel: thread.channel, rootTs: thread.root.ts }),
        ...(card !== undefined && { cardTs: card.ts }),
      };
    }),
  );
  return found.filter((run) => run !== undefined);
}

/** Undefined when it was removed between two looks. */
async function viewIfAny(deps: ViewingDeps, runId: RunId): Promise<Viewing | undefined> {
  try {
    return await readRunOrReason(deps, runId);
  } catch (error) {
    if (isOpsError(error, 'RUN_NOT_FOUND', 'JOURNAL_INVALID')) return undefined;
    throw error;
  }
}

function remembered({ run, steps, openGate }: RunView): LostRun {
  const at = openGate?.stepId ?? steps.find(({ state }) => state === 'running')?.id;
  return {
    runId: run.runId,
    procedure: run.procedure,
    cluster: run.cluster,
    requestedBy: run.requester.user,
    channel: run.requester.channel,
    done: steps.filter(isSettled).map(({ id }) => id),
    left: steps.filter((step) => !isSettled(step)).map(({ id }) => id),
    ...(at !== undefined && { at }),
  };
}

function isSettled({ state }: Pick<StepView, 'state'>): boolean {
  return state === 'done' || state === 'already-true' || state === 'declined';
}
