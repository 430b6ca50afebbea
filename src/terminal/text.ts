/** Answers and journals as lines of text, for a terminal and for whoever reads a log of one; output.ts makes them fit for a screen. */
import { renderCommand } from '../engine/command.ts';
import { nextAtGate, wordsFor } from '../commands/run-words.ts';
import type { Decision, Gate, JournalEntry, StepLine } from '../engine/journal.ts';
import type { Answer, AnswerPart, Table } from '../procedures/answer.ts';

/** The most lines of a command's answer that are shown. */
const outputLinesMax = 6;

/** An answer as lines. */
export function answerLines({ headline, parts, next }: Answer): string[] {
  return [headline, ...parts.flatMap(partLines), ...(next === undefined ? [] : [`Next: ${next}`])];
}

function partLines(part: AnswerPart): string[] {
  switch (part.type) {
    case 'sentence':
      return [part.text];
    case 'verbatim':
      return part.text.split('\n').map((line) => `  ${line}`);
    case 'table':
      return tableLines(part.table);
  }
}

/** Columns wide enough for their longest cell; numbers stand right. */
export function tableLines({ columns, rows }: Table): string[] {
  const widths = columns.map(({ title }, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, column) =>
        align === 'right' ? (cells[column] ?? '').padStart(widths[column] ?? 0) : (cells[column] ?? '').padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** What one journal entry says; looks are left out, since they change nothing. */
export function entryLines(entry: JournalEntry, titleOf: (stepId: string) => string): string[] {
  const lines = linesOf(entry, titleOf);
  const time = entry.at.slice(11, 19);
  return lines.map((line, index) => (index === 0 ? `${time} ${line}` : `         ${line}`));
}

/** What one entry says, without its time. */
export function linesOf(entry: JournalEntry, titleOf: (stepId: string) => string): string[] {
  switch (entry.type) {
    case 'run-prepared':
      return [entry.summary, ...entry.steps.map(checklistLine)];
    case 'step-started':
      return [`${titleOf(entry.stepId)} …`];
    case 'step-resumed':
      return [`${titleOf(entry.stepId)}: taken up again after an interruption`];
    case 'command':
      return entry.command.changes ? commandLines(entry) : [];
    case 'step-settled':
      return [
        `${settledWords[entry.how]}: ${titleOf(entry.stepId)} (${(entry.durationMs / 1000).toFixed(1)} s)`,
        ...indented(entry.note),
        ...(entry.plan ?? []).map((command) => `  ${renderCommand(command)}`),
        ...(entry.chosen?.steps ?? []).map(checklistLine),
      ];
    case 'step-failed':
      return [`failed: ${titleOf(entry.stepId)}`, ...indented(entry.because), ...indented(entry.hint)];
    case 'gate-opened':
      return gateLines(entry.gate);
    case 'gate-said':
      return saidLines(entry);
    case 'gate-settled':
      return [
        `${entry.outcome}${entry.decisions.length > 0 ? ` by ${entry.decisions.map(decided).join(', ')}` : ''}`,
        ...indented(entry.difference),
      ];
    case 'run-ended':
      return [`The run is ${entry.outcome}.`, ...indented(entry.summary)];
  }
}

function decided({ by, verdict, reason }: Decision): string {
  return verdict === 'break-glass' ? `${by} (break-glass: ${reason ?? ''})` : by;
}

function saidLines({
  gateId,
  decision: { by, verdict, reason = '', delayMs = 0 },
}: Extract<JournalEntry, { type: 'gate-said' }>): string[] {
  if (verdict !== 'break-glass') return [`The break-glass is cancelled by ${by}.`];
  const cancel = `cancel-break-glass ${gateId.replace(/\.[^.]*$/, '')}`;
  return [`Break-glass by ${by}: ${reason}`, `  It counts in ${Math.ceil(delayMs / 1000)} s, unless somebody says \`${cancel}\`.`];
}

const needs: Readonly<Partial<Record<StepLine['kind'], string>>> = {
  destroy: ' [needs approval]',
  choose: ' [needs a choice]',
  attest: ' [needs an attestation]',
};

function checklistLine({ title, kind }: StepLine, index: number): string {
  return `  ${index + 1}. ${title}${needs[kind] ?? ''}`;
}

const settledWords = { done: 'done', 'already-true': 'was so already', declined: 'left out', planned: 'planned' } as const;

function commandLines({ command }: Extract<JournalEntry, { type: 'command' }>): string[] {
  const output = command.output.trimEnd().split('\n').filter(Boolean);
  const shown = output.slice(0, outputLinesMax).map((line) => `    ${line}`);
  const rest = output.length > outputLinesMax ? [`    … ${output.length - outputLinesMax} more lines`] : [];
  const failed = command.exitCode === 0 ? '' : ` (exit ${command.exitCode ?? 'unknown: cut off'})`;
  return [`  ${renderCommand(command)}${failed}`, ...shown, ...rest];
}

function gateLines(gate: Gate): string[] {
  const { kind, title, plan, facts, reason, hint, required, expiresAt, gateId, attests } = gate;
  const run = gateId.replace(/\.[^.]*$/, '');
  if (kind === 'failure') return [`Waits for a decision: ${nextAtGate(run, gate)}, until ${expiresAt}`, ...indented(hint)];
  const shown = Object.entries(facts).map(([name, value]) => `  ${name}: ${value}`);
  if (kind === 'choice') return choiceLines(gate, run, shown);
  return [
    ...(attests === undefined
      ? [`Approval needed: ${title}`, `  Lost: ${reason}`]
      : [`Attestation needed: ${title}`, `  To be attested: ${attests}`, ...indented(reason)]),
    ...shown,
    ...plan.map((command) => `  ${renderCommand(command)}`),
    `  ${nextAtGate(run, gate)}, ${required} needed, until ${expiresAt}`,
  ];
}

function choiceLines(gate: Gate, run: string, facts: readonly string[]): string[] {
  const { title, reason, options = [], expiresAt } = gate;
  const possible = options.filter((option) => option.possible);
  return [
    `Choice needed: ${title}`,
    ...indented(reason),
    ...options.flatMap((option) => [
      `  ${option.possible ? `${option.id}: ` : 'not possible: '}${option.title}`,
      ...indented(option.detail).map((line) => `  ${line}`),
    ]),
    ...facts,
    ...possible.map(({ id }) => `  \`${wordsFor('choose', gate, run)} ${id}\``),
    `  or \`${wordsFor('abort', gate, run)}\`, until ${expiresAt}`,
  ];
}

function indented(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\n').map((line) => `  ${line}`);
}
