/** What prints foreign text in a terminal, or in the log. */
import { viewOf } from '../../src/engine/view.ts';
import { checkupLines } from '../../src/terminal/checkup-text.ts';
import { journalLines } from '../../src/terminal/journal-text.ts';
import { createJson } from '../../src/terminal/json.ts';
import { createLines, onScreen } from '../../src/terminal/output.ts';
import { answerLines, entryLines, linesOf, tableLines } from '../../src/terminal/text.ts';
import { createConceal } from '../../src/engine/conceal.ts';
import { lastWords, logLine } from '../../src/wiring/log.ts';
import { request } from '../slack/fakes.ts';
import { saying } from './entries.ts';
import type { Taker } from './measure.ts';

const run = request();
const nowhere = { print: () => undefined, complain: () => undefined };
const answer = (text: string) => ({
  headline: text,
  parts: [
    { type: 'verbatim' as const, text },
    { type: 'sentence' as const, text },
    { type: 'table' as const, table: { columns: [{ title: 'KEY', align: 'left' as const }], rows: [[text]] } },
  ],
  next: text,
});
const title = (id: string) => id;
const conceal = createConceal(['a-known-secret']);

export const terminalTakers: readonly Taker[] = [
  { name: 'terminal/output.ts onScreen', take: onScreen },
  { name: 'terminal/output.ts createLines', take: (text) => createLines(nowhere).answer(answer(text)) },
  { name: 'terminal/json.ts createJson', take: (text) => createJson(nowhere).answer(answer(text)) },
  { name: 'terminal/text.ts answerLines', take: (text) => answerLines(answer(text)) },
  { name: 'terminal/text.ts tableLines', take: (text) => tableLines({ columns: [{ title: 'KEY', align: 'right' }], rows: [[text]] }) },
  { name: 'terminal/text.ts entryLines', take: (text) => saying(text).map((entry) => entryLines(entry, title)) },
  { name: 'terminal/text.ts linesOf', take: (text) => saying(text).map((entry) => linesOf(entry, title)) },
  { name: 'terminal/journal-text.ts journalLines', take: (text) => journalLines(viewOf(run, saying(text)), saying(text)) },
  {
    name: 'terminal/checkup-text.ts checkupLines',
    take: (text) =>
      checkupLines([{ cluster: 'prod', checks: [{ id: 'host', about: 'etcd01', grade: 'wrong', sentence: text, cure: text }] }]),
  },
  { name: 'wiring/log.ts lastWords', take: (text) => lastWords(text, { inJournal: true }) },
  { name: 'wiring/log.ts logLine', take: (text) => logLine(`${JSON.stringify({ level: 30, msg: text })}\n`, { conceal, inJournal: true }) },
];
