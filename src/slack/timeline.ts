/** The journal of a run as a Markdown file: for the report after the incident. */
import { renderCommand } from '../engine/command.ts';
import type { ExecutedCommand } from '../engine/command.ts';
import type { Decision, Gate, JournalEntry } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import type { Names } from './names.ts';
import type { TextFile } from './post.ts';
import { duration } from './text.ts';
import { headLines } from './timeline-head.ts';
import type { Who } from './timeline-head.ts';
import { fenced, oneLine } from './timeline-text.ts';

/** Everybody who is named in the file. */
export function peopleOf({ run }: RunView, entries: readonly JournalEntry[]): readonly string[] {
  const deciders = entries.flatMap((entry) => {
    if (entry.type === 'gate-said') return [entry.decision.by];
    return entry.type === 'gate-settled' ? entry.decisions.map(({ by }) => by) : [];
  });
  return [...new Set([run.requester.user, ...deciders])];
}

/** The file that is added to the thread of a run. */
export async function timelineFile(
  { names }: { readonly names: Names },
  view: RunView,
  entries: readonly JournalEntry[],
): Promise<TextFile> {
  const { runId } = view.run;
  return {
    name: `${runId}.md`,
    title: `Timeline of ${runId}`,
    text: timeline(view, entries, await names.of(peopleOf(view, entries))),
  };
}

/** Writes the file. Times are UTC, because it is read by people in several zones. */
export function timeline(view: RunView, entries: readonly JournalEntry[], names: ReadonlyMap<string, string>): string {
  const who: Who = (user) => (names.has(user) ? `${oneLine(names.get(user) ?? '')} (${user})` : user);
  return [
    ...headLines(view, who),
    '## Timeline (UTC)',
    '',
    'Each entry ends with the hash that the next one is chained to.',
    '',
    ...entries.flatMap((entry, index) => [
      ...dayLines(entry, entries[index - 1]),
      ...entryLines(entry, view, who),
      ...(entry.hash === undefined ? [] : [`  (entry ${entry.seq}, sha256 ${entry.hash})`]),
    ]),
    '',
  ].join('\n');
}

/** A run may wait for a day. */
function dayLines({ at }: JournalEntry, before: JournalEntry | undefined): string[] {
  const day = at.slice(0, 10);
  if (before?.at.startsWith(day) === true) return [];
  return [...(before === undefined ? [] : ['']), `### ${day}`, ''];
}

function entryLines(entry: JournalEntry, view: RunView, who: Who): string[] {
  const at = entry.at.slice(11, 23);
  const deciders = [...new Set(view.gates.flatMap(({ decisions }) => decisions.map(({ by }) => by)))];
  const named = (note: string) => deciders.reduce((text, by) => text.replaceAll(new RegExp(`\\b${by}\\b`, 'g'), () => who(by)), note);
  const title = (stepId: string) => oneLine(view.steps.find(({ id }) => id === stepId)?.title ?? stepId);
  switch (entry.type) {
    case 'run-prepared':
      return [`- ${at} prepared: ${oneLine(entry.summary)} (${entry.steps.length} steps)`];
    case 'step-started':
      return [`- ${at} **${title(entry.stepId)}** began`, ...fenced(entry.plan.map(renderCommand).join('\n'))];
    case 'step-resumed':
      return [`- ${at} **${title(entry.stepId)}** was taken up again by another worker`];
    case 'command':
      return [
        `- ${at} ${entry.command.changes ? 'did' : 'looked'}, ${ending(entry.command.exitCode)}, ${duration(entry.command.durationMs)}`,
        ...fenced(`${renderCommand(entry.command)}\n${entry.command.output}`),
        ...answered(entry.command),
      ];
    case 'step-settled':
      return [
        `- ${at} **${title(entry.stepId)}**: ${entry.how}, ${duration(entry.durationMs)}${entry.note === undefined ? '' : `. ${named(oneLine(entry.note))}`}`,
        ...(entry.chosen === undefined ? [] : [`  (${entry.chosen.steps.length} steps from now on)`]),
        ...(entry.how === 'planned' ? fenced((entry.plan ?? []).map(renderCommand).join('\n')) : []),
      ];
    case 'step-failed':
      return [`- ${at} **${title(entry.stepId)}** failed (${entry.code}): ${oneLine(entry.because)}`];
    case 'gate-opened':
      return [
        `- ${at} waits for ${waitsFor(entry.gate)} until ${entry.gate.expiresAt}: ${oneLine(entry.gate.reason)}`,
        ...fenced(shownAt(entry.gate)),
      ];
    case 'gate-settled':
      return [
        `- ${at} gate ${entry.outcome}${entry.decisions.length === 0 ? '' : ` by ${entry.decisions.map((decision) => `${who(decision.by)} (${saidOf(decision)}, ${decision.at.slice(11, 19)})`).join(', ')}`}${entry.difference === undefined ? '' : `: ${oneLine(entry.difference)}`}`,
      ];
    case 'gate-said':
      return [`- ${at} **${who(entry.decision.by)}**: ${saidOf(entry.decision)}${delayOf(entry.decision)}`];
    case 'run-ended':
      return [`- ${at} ended: ${entry.outcome}`];
    default:
      return entry satisfies never;
  }
}

/** `approve`, `choose start`, `break-glass, because: alone on call` */
function saidOf({ verdict, option, reason }: Decision): string {
  const word = option === undefined ? verdict : `${verdict} ${option}`;
  return reason === undefined ? word : `${word}, because: ${oneLine(reason)}`;
}

function delayOf({ delayMs }: Decision): string {
  return delayMs === undefined ? '' : ` (counts ${duration(delayMs)} later, unless cancelled)`;
}

function waitsFor({ kind, required, attests }: Gate): string {
  if (kind === 'failure') return 'Retry or Abort';
  if (kind === 'choice') return 'a choice';
  return attests === undefined ? `${required} approval(s)` : `${required} attestation(s) that “${oneLine(attests)}”`;
}

function shownAt({ plan, facts, options = [] }: Gate): string {
  const ways = options.map(({ id, title, detail, possible }) => `${possible ? id : 'not possible'}: ${title}. ${detail}`);
  return [...plan.map(renderCommand), ...ways, ...Object.entries(facts).map(([name, value]) => `# ${name}: ${value}`)].join('\n');
}

function ending(exitCode: number | undefined): string {
  return exitCode === undefined ? 'cut off' : `exit code ${exitCode}`;
}

/** How long all of an answer was and its hash; the journal keeps a part of a long one. */
function answered({ output, outputBytes, outputSha256 }: ExecutedCommand): string[] {
  if (outputBytes === 0) return [];
  const keptBytes = Buffer.byteLength(output);
  const kept = keptBytes >= outputBytes ? '' : `, of which ${keptBytes} are shown`;
  return [`  (answered ${outputBytes} bytes${kept}; sha256 of all ${outputSha256})`];
}
