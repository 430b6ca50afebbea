/** Carries what adapters did into the journal, in order, while they do it. */
import type { ExecutedCommand, RecordCommand } from './command.ts';

type Append = (command: ExecutedCommand) => Promise<unknown>;

/** Between the adapters of a world (`record`) and the step that is running (`attach`, `flush`). */
export interface CommandLog {
  readonly record: RecordCommand;
  /** From now on commands go to this append; looks that repeat with the same answer are kept once. */
  attach(append: Append): void;
  /** Waits until all that was recorded is in the journal; throws what the journal threw. */
  flush(): Promise<void>;
}

/** Makes a log that drops commands until something is attached. */
export function createCommandLog(): CommandLog {
  let append: Append | undefined;
  let chain: Promise<unknown> = Promise.resolve();
  let seen = new Set<string>();
  return {
    record(command) {
      if (append === undefined) return;
      const into = append;
      if (!command.changes) {
        const look = JSON.stringify([command.on, command.argv, command.exitCode, command.outputSha256]);
        if (seen.has(look)) return;
        seen.add(look);
      }
      chain = chain.then(() => into(command));
      // Marked as handled here: flush() hands the error to the step.
      chain.catch(() => undefined);
    },
    attach(next) {
      append = next;
      seen = new Set();
    },
    async flush() {
      await chain;
    },
  };
}
