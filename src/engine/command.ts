/** Commands as they are planned, shown, approved and recorded. */

/** One command of a plan, as an operator would type it. What is approved is what is shown. */
export interface PlannedCommand {
  /** Where it is typed: a member's name, or `bot` for the machine the bot runs on. */
  readonly on: string;
  readonly argv: readonly string[];
}

/** A command that was carried out, for the journal. Never holds a secret. */
export interface ExecutedCommand extends PlannedCommand {
  /** Whether it changes something; commands that only look are shown in the journal, not in the thread. */
  readonly changes: boolean;
  /** Absent when it was cut off or timed out. */
  readonly exitCode?: number;
  readonly durationMs: number;
  /** What it answered (stdout, then stderr), bounded; its full length and hash say what was left out. */
  readonly output: string;
  readonly outputBytes: number;
  readonly outputSha256: string;
}

/** Takes what was carried out, in order; never throws and never waits. */
export type RecordCommand = (command: ExecutedCommand) => void;

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A command as a person reads and could type it: `etcd01$ systemctl stop etcd`. For showing only; never run. */
export function renderCommand({ on, argv }: PlannedCommand): string {
  const words = argv.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return `${on}$ ${words.join(' ')}`;
}
