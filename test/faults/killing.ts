/** Carries a run to its end while a fault is done to it: at every step boundary, or inside the steps that take long. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gate, JournalEntry } from '../../src/engine/journal.ts';
import { viewOf } from '../../src/engine/view.ts';
import type { RunView } from '../../src/engine/view.ts';
import { isOpsError } from '../../src/errors.ts';
import type { RunId } from '../../src/ids.ts';
import { clickCard } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';
import type { Crew, TakenUp } from './crew.ts';

const pollMs = 30;
/** Each kill costs a take-up, and there are two dozen of them. */
const runLimitMs = 540_000;
/** A machine that is busy with killed processes may make etcd answer late; what fails again and again is a defect. */
const retriesMax = 2;
/** A click that came while Redis was away is refused at once: a person whose card stays open clicks again. */
const againAfterMs = 10_000;

/** What was done to a run, and how it ended. */
export interface Killed {
  readonly view: RunView;
  readonly entries: readonly JournalEntry[];
  /** Where, as `step-started hand-out`. */
  readonly points: readonly string[];
  readonly takeUpSeconds: readonly number[];
  /** How often a person had to press Retry. */
  readonly retries: number;
}

/** Words for a row: nothing when nobody had to. */
export function retriesInWords({ retries }: Pick<Killed, 'retries'>): string {
  return retries === 0 ? '' : `; Retry was pressed ${retries === 1 ? 'once' : `${retries} times`}`;
}

/** Answers a gate; declines what deletes old data unless told otherwise. */
export type AnswerGate = (stage: Stage, gate: Gate) => Promise<unknown>;
export const approveButKeep: AnswerGate = (stage, gate) => clickCard(stage, gate, gate.stepId === 'delete-old-data' ? 'reject' : 'approve');

interface Driving {
  readonly stage: Stage;
  readonly run: RunId;
  readonly answer?: AnswerGate;
  /** Does the fault; gives the time until another worker had the run, if that was so. */
  readonly act: () => Promise<TakenUp | undefined>;
}

interface Killing extends Omit<Driving, 'act'> {
  readonly crew: Crew;
}

/** Kills at each boundary once: as soon as the journal shows that a step began, or is settled. */
export function killAtBoundaries({ crew, ...driving }: Killing): Promise<Killed> {
  return actAtBoundaries({ ...driving, act: () => crew.killHolder(driving.run) });
}

/** Does any fault at each boundary once; `of` limits it to those steps. */
export function actAtBoundaries(driving: Driving, of?: readonly string[]): Promise<Killed> {
  return drive(driving, (entries) => {
    const last = boundaryOf(entries);
    if (last === undefined || of?.includes(last.stepId) === false) return undefined;
    return `${last.type} ${last.stepId}`;
  });
}

/** How it is seen that a step is in its middle. */
type InsideOf = Readonly<Record<string, 'first change' | 'begun' | (() => Promise<boolean>)>>;

/** Kills once inside each of these steps: at their first changing command unless something else is watched. */
export function killInside({ crew, ...driving }: Killing, steps: InsideOf): Promise<Killed> {
  return drive({ ...driving, act: () => crew.killHolder(driving.run) }, async (entries) => {
    const last = boundaryOf(entries);
    if (last?.type !== 'step-started') return undefined;
    const inside = steps[last.stepId];
    if (inside === undefined) return undefined;
    const changed = entries.some((entry) => entry.type === 'command' && entry.stepId === last.stepId && entry.command.changes);
    const isInside = inside === 'begun' || (inside === 'first change' ? changed : await inside());
    return isInside ? `inside ${last.stepId}` : undefined;
  });
}

type Boundary = Extract<JournalEntry, { type: 'step-started' | 'step-settled' }>;

function boundaryOf(entries: readonly JournalEntry[]): Boundary | undefined {
  return entries.findLast((entry): entry is Boundary => entry.type === 'step-started' || entry.type === 'step-settled');
}

/** @param pointOf names where the fault may be done now; each name once */
async function drive(
  { stage, run, act, answer = approveButKeep }: Driving,
  pointOf: (entries: readonly JournalEntry[]) => Promise<string | undefined> | string | undefined,
): Promise<Killed> {
  const done = new Map<string, TakenUp | undefined>();
  const answeredAt = new Map<string, number>();
  let retries = 0;
  const limit = Date.now() + runLimitMs;
  const { run: request } = await stage.runs.view(run);
  while (Date.now() < limit) {
    await sleep(pollMs);
    const entries = await journalOf(stage, run);
    if (entries === undefined) continue;
    const view = viewOf(request, entries);
    if (view.state === 'ended')
      return {
        view,
        entries,
        retries,
        points: [...done.keys()],
        takeUpSeconds: (await Promise.all([...done.values()].map(async (one) => one?.seconds))).filter((seconds) => seconds !== undefined),
      };
    if (view.openGate !== undefined) {
      const gate = view.openGate;
      if (Date.now() - (answeredAt.get(gate.gateId) ?? 0) < againAfterMs) continue;
      answeredAt.set(gate.gateId, Date.now());
      if (gate.kind !== 'failure') await answer(stage, gate);
      else if ((retries += 1) > retriesMax) throw new Error(`${run} failed at ${gate.stepId}: ${gate.reason}`);
      else await clickCard(stage, gate, 'retry');
    } else {
      const point = await pointOf(entries);
      if (point !== undefined && !done.has(point)) done.set(point, await act());
    }
  }
  throw new Error(`${run} did not end; the fault was done at ${[...done.keys()].join(', ')}`);
}

/** Undefined while Redis is away: that may be the fault. */
async function journalOf({ runs }: Stage, run: RunId): Promise<readonly JournalEntry[] | undefined> {
  try {
    return await runs.journal(run);
  } catch (error) {
    if (isOpsError(error, 'QUEUE_UNAVAILABLE')) return undefined;
    throw error;
  }
}

/**
 * The acting steps at neither of whose boundaries it was done: none, or the matrix has a hole. A look may be over before it is seen, and what was
 * declined was not carried out.
 */
export function neverKilledAt({ view, entries, points }: Pick<Killed, 'view' | 'entries' | 'points'>): string[] {
  const declined = new Set(entries.flatMap((entry) => (entry.type === 'step-settled' && entry.how === 'declined' ? [entry.stepId] : [])));
  const acting = view.steps.filter(({ id, kind }) => (kind === 'change' || kind === 'destroy') && !declined.has(id)).map(({ id }) => id);
  return acting.filter((id) => !points.some((point) => point.endsWith(` ${id}`)));
}
