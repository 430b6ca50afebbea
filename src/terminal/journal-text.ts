/** A whole journal as lines: every entry with its place, time and hash, every command with what it answered. */
import { renderCommand } from '../engine/command.ts';
import type { ExecutedCommand } from '../engine/command.ts';
import type { JournalEntry } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import { linesOf } from './text.ts';

/** The lines, the first naming the run. */
export function journalLines({ run, steps, head }: RunView, entries: readonly JournalEntry[]): string[] {
  const titleOf = (stepId: string) => steps.find(({ id }) => id === stepId)?.title ?? stepId;
  const count = `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`;
  return [
    `The journal of ${run.runId}, ${count}. Asked for by ${run.requester.user} from ${run.requester.via === 'slack' ? 'Slack' : 'a terminal'} at ${run.requestedAt}.`,
    ...entries.flatMap((entry) => wholeEntry(entry, titleOf)),
    ...(head === undefined ? [] : [`Head: ${count}, sha256 ${head.hash}`]),
  ];
}

function wholeEntry(entry: JournalEntry, titleOf: (stepId: string) => string): string[] {
  const [first = '', ...rest] = entry.type === 'command' ? wholeCommand(entry.command) : linesOf(entry, titleOf);
  const said =
    entry.type === 'gate-settled'
      ? entry.decisions.map(({ by, verdict, option = '', at }) => `  ${at} ${by}: ${verdict} ${option}`.trimEnd())
      : [];
  const hash = entry.hash === undefined ? [] : [`sha256 ${entry.hash}`];
  return [`${entry.seq} ${entry.at} ${first}`, ...[...rest, ...said, ...hash].map((line) => `    ${line}`)];
}

function wholeCommand(command: ExecutedCommand): string[] {
  const { changes, exitCode, durationMs, output, outputBytes, outputSha256 } = command;
  const ended = exitCode === undefined ? 'cut off' : `exit code ${exitCode}`;
  return [
    renderCommand(command),
    `${changes ? 'changes' : 'looks'}, ${ended}, ${durationMs} ms, answered ${outputBytes} bytes, sha256 of them ${outputSha256}`,
    ...output
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => `| ${line}`),
  ];
}
