/** Tells a run's journal as it grows, until the run ends. */
import { isOpsError } from '../errors.ts';
import type { JournalEntry, RunOutcome, RunRequest } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs } from '../engine/runs.ts';
import { viewOf } from '../engine/view.ts';
import { createAttendance } from './attendance.ts';
import type { Output } from './output.ts';
import { createPatience } from './patience.ts';

/** How often the journal is looked at. */
const lookIntervalMs = 500;

interface FollowDeps {
  readonly runs: Pick<Runs, 'journal' | 'workers'>;
  readonly clock: Clock;
  readonly output: Pick<Output, 'entry' | 'remark'>;
  readonly signal: AbortSignal;
  /** Whether a person sits there who may answer at a gate. */
  readonly interactive: boolean;
}

/** How following a run came to its end. The run goes on whether or not anybody follows it. */
export type Followed =
  /** `stops`: of a plan, that the run would not get past a step as things are. */
  | { readonly state: 'ended'; readonly outcome: RunOutcome; readonly stops?: boolean }
  /** The person left. */
  | { readonly state: 'left' }
  /** Redis has been silent for too long. */
  | { readonly state: 'out-of-sight'; readonly because: string };

/** Follows a run until it has ended, the signal aborts, or Redis has been silent for too long. */
export async function follow(deps: FollowDeps, run: RunRequest): Promise<Followed> {
  try {
    return await tellAll(deps, run);
  } catch (error) {
    if (isOpsError(error, 'QUEUE_UNAVAILABLE')) return { state: 'out-of-sight', because: error.message };
    throw error;
  }
}

async function tellAll({ runs, clock, output, signal, interactive }: FollowDeps, run: RunRequest): Promise<Followed> {
  const patiently = createPatience({ clock, tell: output.remark });
  const lookForWorker = createAttendance({ runs, clock, tell: output.remark });
  let printed = 0;
  for (;;) {
    const journal = await patiently(() => runs.journal(run.runId));
    if (journal !== undefined) {
      // Made of the very entries that are told: a view of its own look may not know the steps that these name.
      const view = viewOf(run, journal);
      for (const entry of unprinted(journal, printed)) {
        output.entry(view, entry);
        if (interactive && entry.type === 'gate-opened') output.remark(invitation);
        printed = entry.seq + 1;
      }
      if (view.outcome !== undefined) {
        const stops = view.steps.some((step) => step.stops === true);
        return { state: 'ended', outcome: view.outcome, ...(stops && { stops }) };
      }
    }
    if (signal.aborted) return { state: 'left' };
    // A Redis that is silent is told of above.
    if (journal !== undefined) await lookForWorker().catch(passOver);
    await clock.sleep(lookIntervalMs, signal).catch(() => undefined);
  }
}

function passOver(error: unknown): void {
  if (!isOpsError(error, 'QUEUE_UNAVAILABLE')) throw error;
}

const invitation =
  'You can answer here with the code and without the name of the run; who asked for a run cannot approve it. Ctrl-C leaves, and the run goes on.';

function unprinted(journal: readonly JournalEntry[], printed: number): readonly JournalEntry[] {
  return journal.filter(({ seq }) => seq >= printed);
}
