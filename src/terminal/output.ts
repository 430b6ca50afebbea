/** What the terminal prints: lines for people here, JSON for programs in json.ts; both are told the same things. */
import type { Reply } from '../commands/reply.ts';
import { forScreen } from '../engine/foreign-text.ts';
import type { JournalEntry, RunRequest } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import type { Answer } from '../procedures/answer.ts';
import type { RunId } from '../ids.ts';
import { checkupLines } from './checkup-text.ts';
import { journalLines } from './journal-text.ts';
import { answerLines, entryLines } from './text.ts';

/** Why something was not done, and what to do next. */
export interface Refusal {
  /** One of docs/errors.md; INTERNAL for an error of the bot's own. */
  readonly code: string;
  readonly sentence: string;
  readonly next: string;
}

/** Takes what happens, in order. */
export interface Output {
  started(run: RunRequest, sentence: string): void;
  /** The next entry of a run that is followed. */
  entry(view: RunView, entry: JournalEntry): void;
  answer(answer: Answer): void;
  journal(view: RunView, entries: readonly JournalEntry[]): void;
  checkup(parts: Parameters<typeof checkupLines>[0]): void;
  receipt(receipt: Extract<Reply, { kind: 'receipt' }>): void;
  held(held: Extract<Reply, { kind: 'held' }>): void;
  refused(refusal: Refusal): void;
  /** Nobody follows the run any more; it goes on. */
  left(run: RunId): void;
  /** For a person who sits there; a program is not told. */
  remark(sentence: string): void;
}

interface Streams {
  /** One line, without its end. */
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** For people: what was done goes to one stream, what was refused to the other. Whoever wrote a text, it comes to the screen through here. */
export function createLines(streams: Streams): Output {
  const print = (text: string) => streams.print(onScreen(text));
  const complain = (text: string) => streams.complain(onScreen(text));
  const printAll = (lines: readonly string[]) => {
    for (const line of lines) print(line);
  };
  return {
    started: (_run, sentence) => print(sentence),
    entry: ({ steps }, entry) => printAll(entryLines(entry, (stepId) => steps.find(({ id }) => id === stepId)?.title ?? stepId)),
    answer: (answer) => printAll(answerLines(answer)),
    journal: (view, entries) => printAll(journalLines(view, entries)),
    checkup: (parts) => printAll(checkupLines(parts)),
    receipt: ({ sentence }) => print(sentence),
    held: ({ sentence, next }) => complain(`${sentence} ${next}`),
    refused: ({ sentence, next }) => complain(`${sentence} ${next}`),
    left: (run) => print(`${run} goes on without this terminal: \`show ${run}\` says where it stands.`),
    remark: print,
  };
}

/**
 * A text that moves no cursor, turns no direction, and looks like no line of ours: what was not cut into lines before, a name or a value that holds
 * a line end, goes on indented.
 */
export function onScreen(text: string): string {
  return forScreen(text.replaceAll(/\r\n?/g, '\n')).replaceAll('\n', '\n  ');
}
