/** What a person is told to type at the end of a run: read off what Slack and the terminal show, and typed letter by letter. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RichTextBlock, RichTextElement } from '@slack/types';
import { expect } from 'vitest';
import type { JournalEntry } from '../../src/engine/journal.ts';
import type { RunView } from '../../src/engine/view.ts';
import { summaryMessage } from '../../src/slack/blocks/summary.ts';
import { entryLines } from '../../src/terminal/text.ts';
import type { Lab } from '../lab/lab.ts';

const commandLine = /^([A-Za-z0-9][A-Za-z0-9._-]*)\$ (.+)$/;
const run = promisify(execFile);
/** A start that waits for its peers takes some time on a busy machine. */
const typedWithinMs = 60_000;

/** What is typed, without the prompt in front. */
export function commandOf(line: string): string {
  return commandLine.exec(line)?.[2] ?? line;
}

/** The command lines at the end of a run, the same in Slack and in the terminal. */
export function commandsToldBy(view: RunView, entries: readonly JournalEntry[]): readonly string[] {
  const last = entries.at(-1);
  const inTerminal = (last === undefined ? [] : entryLines(last, (id) => id)).map((line) => line.trimStart()).filter(isCommand);
  const inSlack = summaryMessage(view).blocks.flatMap((block) => (block.type === 'rich_text' ? preformattedLines(block) : []));

  expect(inSlack, 'Slack and the terminal tell the same commands').toEqual(inTerminal);
  expect(inTerminal, 'and no command stands in them otherwise than it was said').toEqual(
    (view.conclusion ?? '').split('\n').filter(isCommand),
  );
  return inTerminal;
}

function isCommand(line: string): boolean {
  return commandLine.test(line);
}

function preformattedLines({ elements }: RichTextBlock): readonly string[] {
  return elements.flatMap((element) =>
    element.type === 'rich_text_preformatted' ? element.elements.map(textOf).join('').split('\n') : [],
  );
}

function textOf(element: RichTextElement): string {
  if (element.type === 'text') return element.text;
  throw new Error(`a command holds an element of type ${element.type}`);
}

/** Types each, in order, in a root shell of the machine that stands in front of it; each must work. */
export async function typeAll(lab: Lab, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [, where = '', command = ''] = commandLine.exec(line) ?? [];
    if (where === 'bot') await run('sh', ['-c', command], { timeout: typedWithinMs });
    else await lab.host(where).exec(['sh', '-c', command]);
  }
}
