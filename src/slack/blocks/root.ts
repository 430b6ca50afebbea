/** The root message of a run: what, where, who asked, where it stands, and the checklist, edited in place. */
import type { KnownBlock } from '@slack/types';
import type { JournalEntry } from '../../engine/journal.ts';
import type { RunView, StepView } from '../../engine/view.ts';
import { duration, escape, firstLines, moment } from '../text.ts';
import { message, context } from './message.ts';
import type { Message } from './message.ts';
import { mention } from './people.ts';
import { bold, emoji, lines, prose, rich, words } from './rich.ts';
import type { Inline } from './rich.ts';
import { outcomeLooks, stepLooks, waitingWords } from './states.ts';

/** More lines than this and the checklist shows those around the present step. */
const checklistLinesMax = 40;
const titleCharactersMax = 180;
const conclusionLinesMax = 2;

/** Builds the root message. */
export function rootMessage(view: RunView, entries: readonly JournalEntry[]): Message {
  const { run } = view;
  const name = `${run.procedure} ${run.cluster}${run.mode === 'plan' ? ' (plan only)' : ''}`;
  const stands = standing(view);
  const summary = view.summary === undefined ? [] : prose(oneLine(view.summary));
  const details = [`Asked by ${mention(run.requester.user)}`, ...timing(view, entries), `\`${run.runId}\``];
  const end: KnownBlock | undefined =
    view.conclusion === undefined ? undefined : rich(lines(prose(firstLines(view.conclusion, conclusionLinesMax))));
  return message(
    `${name}: ${stands.sentence}`,
    rich(lines([...emoji(stands.emoji), ...bold(`${name}: ${stands.brief}`)], summary)),
    context(details.join('  ·  ')),
    ...checklist(view.steps),
    end,
  );
}

interface Standing {
  readonly emoji: string;
  /** Where the checklist below says the rest. */
  readonly brief: string;
  /** Where nothing else is seen: a notification. */
  readonly sentence: string;
}

/** Where a run stands, in one sentence. */
function standing(view: RunView): Standing {
  if (view.outcome !== undefined) {
    const { emoji, word } = outcomeLooks[view.outcome];
    return { emoji, brief: word, sentence: view.conclusion === undefined ? word : `${word}. ${view.conclusion}` };
  }
  const at = view.steps.findIndex(({ id, state }) => (view.openGate === undefined ? state === 'running' : id === view.openGate.stepId));
  const place = `step ${at + 1} of ${view.steps.length}`;
  const title = oneLine(view.steps[at]?.title ?? '');
  if (view.openGate !== undefined && view.openGate.kind !== 'failure') {
    const waits = waitingWords[view.steps[at]?.kind ?? 'destroy'] ?? stepLooks.waiting.word;
    return { emoji: 'raised_hand', brief: `${waits}, ${place}`, sentence: `${waits}: ${title}` };
  }
  if (view.openGate !== undefined)
    return {
      emoji: 'x',
      brief: `stopped at ${place}; retry or abort`,
      sentence: `stopped, “${title}” failed; it waits for Retry or Abort`,
    };
  if (at !== -1) return { emoji: 'arrow_forward', brief: place, sentence: `${place}, ${title}` };
  const brief = view.state === 'queued' ? 'waits for a worker' : view.startedAt === undefined ? 'is being prepared' : 'between two steps';
  return { emoji: 'arrow_forward', brief, sentence: brief };
}

function timing({ startedAt, endedAt, openGate, run }: RunView, entries: readonly JournalEntry[]): string[] {
  const begun = `started ${moment(startedAt ?? run.requestedAt)}`;
  if (openGate !== undefined) return [begun, `waits since ${moment(openGate.openedAt)}`];
  const last = endedAt ?? entries.at(-1)?.at;
  if (startedAt === undefined || last === undefined) return [begun];
  const took = duration(Math.max(0, Date.parse(last) - Date.parse(startedAt)));
  return [begun, endedAt === undefined ? `${took} so far` : `took ${took}`];
}

function checklist(steps: readonly StepView[]): readonly KnownBlock[] {
  if (steps.length === 0) return [];
  const at = Math.max(
    0,
    steps.findLastIndex(({ state }) => state !== 'pending'),
  );
  const first = Math.max(0, Math.min(at - checklistLinesMax / 2, steps.length - checklistLinesMax));
  const shown = steps.slice(first, first + checklistLinesMax);
  const before = first === 0 ? [] : [words(`… ${first} steps before`, { italic: true })];
  const left = steps.length - first - shown.length;
  const after = left === 0 ? [] : [words(`… ${left} more steps`, { italic: true })];
  return [rich(lines(...before, ...shown.map(checklistLine), ...after))];
}

function checklistLine(step: StepView): Inline[] {
  const { emoji: picture, word } = stepLooks[step.state];
  const state = step.state === 'waiting' ? (waitingWords[step.kind] ?? word) : word;
  const title = oneLine(step.title);
  const more =
    step.progress !== undefined
      ? `: ${oneLine(step.progress)}`
      : step.durationMs !== undefined && step.state === 'done'
        ? `, ${duration(step.durationMs)}`
        : '';
  const present = step.state === 'running' || step.state === 'waiting' || step.state === 'failed';
  return [
    ...emoji(picture),
    ...(present ? bold(title) : words(title)),
    ...words(` — ${state}${more}`, present ? { bold: true } : { italic: true }),
  ];
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > titleCharactersMax ? `${line.slice(0, titleCharactersMax)}…` : line;
}

/** `restore prod (restore-prod-7f3a9c)`, escaped, for the small line of cards. */
export function runLabel({ run }: Pick<RunView, 'run'>): string {
  return `${escape(run.procedure)} ${run.cluster}  ·  \`${run.runId}\``;
}
