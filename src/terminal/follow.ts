/** Prints a run's journal as it grows, until the run ends or waits for a person. */
import type { JournalEntry } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs } from '../engine/runs.ts';
import type { RunView } from '../engine/view.ts';
import type { RunId } from '../ids.ts';
import { entryLines } from './text.ts';

/** How often the journal is looked at. */
const lookIntervalMs = 500;

interface FollowDeps {
  readonly runs: Pick<Runs, 'view' | 'journal'>;
  readonly clock: Clock;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Follows a run; gives its view when it has ended or the signal aborts. A run goes on whether or not anybody follows. */
export async function follow({ runs, clock, print, signal }: FollowDeps, run: RunId): Promise<RunView> {
  let printed = 0;
  for (;;) {
    const [view, journal] = await Promise.all([runs.view(run), runs.journal(run)]);
    const titleOf = (stepId: string) => view.steps.find(({ id }) => id === stepId)?.title ?? stepId;
    for (const entry of unprinted(journal, printed)) {
      for (const line of entryLines(entry, titleOf)) print(line);
      printed = entry.seq + 1;
    }
    if ((view.state === 'ended' && printed === journal.length) || signal.aborted) return view;
    await clock.sleep(lookIntervalMs, signal).catch(() => undefined);
  }
}

function unprinted(journal: readonly JournalEntry[], printed: number): readonly JournalEntry[] {
  return journal.filter(({ seq }) => seq >= printed);
}
