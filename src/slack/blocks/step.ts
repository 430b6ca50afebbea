/** The reply for a settled step: title, time, note, and the commands that changed something with the first lines of their answers. */
import type { KnownBlock } from '@slack/types';
import { renderCommand } from '../../engine/command.ts';
import type { ExecutedCommand } from '../../engine/command.ts';
import type { JournalEntry } from '../../engine/journal.ts';
import { duration, firstLines, truncate } from '../text.ts';
import { message } from './message.ts';
import type { Message } from './message.ts';
import { bold, chunks, emoji, lines, named, preformatted, prose, rich, words } from './rich.ts';
import { stepLooks } from './states.ts';

const answerLinesMax = 3;
const answerCharactersMax = 400;
const commandsCharactersMax = 2_800;
const planCharactersMax = 6_000;
const noteCharactersMax = 2_800;

type Settled = Extract<JournalEntry, { type: 'step-settled' }>;

/** Builds the reply. `title` is the step's; `commands` are those carried out since it began; `people` may be named in its note by their ids. */
export function stepReply(title: string, settled: Settled, commands: readonly ExecutedCommand[], people: readonly string[] = []): Message {
  const look = stepLooks[settled.how];
  const took = settled.how === 'done' || settled.how === 'already-true' ? `, ${duration(settled.durationMs)}` : '';
  const note = truncate(settled.note ?? '', noteCharactersMax)
    .split('\n')
    .map((line) => named(prose(line), people));
  const changes = commands.filter((command) => command.changes);
  return message(
    `${title}: ${look.word}${took}${settled.note === undefined ? '' : `. ${settled.note}`}`,
    rich(lines([...emoji(look.emoji), ...bold(title), ...words(` — ${look.word}${took}`, { italic: true })], ...note)),
    commandsBlock(changes),
    ...(settled.how === 'planned' && settled.plan !== undefined ? planned(settled.plan.map(renderCommand).join('\n')) : []),
  );
}

/** The reply for a step that failed without a gate behind it. */
export function failureReply(title: string, { because, hint }: { readonly because: string; readonly hint: string }): Message {
  return message(
    `Failed: ${title}. ${because}`,
    rich(
      lines([...emoji('x'), ...bold(`Failed: ${title}`)], [...bold('Why: '), ...prose(because)], [...bold('What to do: '), ...prose(hint)]),
    ),
  );
}

/** Commands as typed, each with what it answered. */
function commandsBlock(commands: readonly ExecutedCommand[]): KnownBlock | undefined {
  if (commands.length === 0) return undefined;
  const shown: string[] = [];
  let length = 0;
  for (const command of commands) {
    const text = transcript(command);
    if (length + text.length > commandsCharactersMax) break;
    shown.push(text);
    length += text.length + 1;
  }
  const left = commands.length - shown.length;
  if (left > 0) shown.push(`… ${left} more commands; the file at the end of the run has all of them`);
  return rich(preformatted(shown.join('\n')));
}

function transcript(command: ExecutedCommand): string {
  const answer = truncate(firstLines(command.output, answerLinesMax), answerCharactersMax);
  const code = command.exitCode === 0 ? '' : command.exitCode === undefined ? '\n(cut off)' : `\n(exit code ${command.exitCode})`;
  return `${truncate(renderCommand(command), 900)}${answer === '' ? '' : `\n${answer}`}${code}`;
}

function planned(text: string): readonly KnownBlock[] {
  return chunks(truncate(text, planCharactersMax), 2_800).map((chunk) => rich(preformatted(chunk)));
}
