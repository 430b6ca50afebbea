/** A run that has been, as its journal tells it: what another run that is about it may know. */
import type { JournalEntry, RunRequest } from './journal.ts';
import { replay } from './replay.ts';
import type { Choices } from './step.ts';
import { viewOf } from './view.ts';
import type { RunView } from './view.ts';

/** An earlier run: as people see it, with what was settled at its beginning and what was chosen. */
export interface EarlierRun extends RunView {
  /** As it stands in the journal, for the procedure's own schema to parse; undefined when it never got so far. */
  readonly prepared: unknown;
  readonly choices: Choices;
}

/** Folds a journal. */
export function recall(run: RunRequest, entries: readonly JournalEntry[]): EarlierRun {
  const { prepared, choices } = replay(entries);
  return { ...viewOf(run, entries), prepared, choices };
}
