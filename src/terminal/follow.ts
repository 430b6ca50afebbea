/** Tells a run's journal as it grows, until the run ends. */
import type { JournalEntry } from '../engine/journal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Runs } from '../engine/runs.ts';
import type { RunView } from '../engine/view.ts';
import type { RunId } from '../ids.ts';
import type { Output } from './output.ts';

/** How often the journal is looked at. */
const lookIntervalMs = 500;

interface FollowDeps {
  readonly runs: Pick<Runs, 'view' | 'journal'>;
  readonly clock: Clock;
  readonly output: Pick<Output, 'entry' | 'remark'>;
  readonly signal: AbortSignal;
  /** Whether a person sits there who may answer at a gate. */
  readonly interactive: boolean;
}

/** Follows a run; gives its view when it has ended or the signal aborts. A run goes on whether or not anybody follows. */
export async function follow({ runs, clock, output, signal, interactive }: FollowDeps, run: RunId): Promise<RunView> {
  let printed = 0;
  for (;;) {
    const [view, journal] = await Promise.all([runs.view(run), runs.journal(run)]);
    for (const entry of unprinted(journal, printed)) {
      output.entry(view, entry);
      if (interactive && entry.type === 'gate-opened') output.remark(invitation);
      printed = entry.seq + 1;
    }
    if ((view.state === 'ended' && printed === journal.length) || signal.aborted) return view;
    await clock.sleep(lookIntervalMs, signal).catch(() => undefined);
  }
}

const invitation =
  'You can answer here, without the name of the run; who asked for a run cannot approve it. Ctrl-C leaves, and the run goes on.';

function unprinted(journal: readonly JournalEntry[], printed: number): readonly JournalEntry[] {
  return journal.filter(({ seq }) => seq >= printed);
}
