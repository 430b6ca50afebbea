/** The journal of a run as a Markdown file: for the report after the incident. */
import { renderCommand } from '../engine/command.ts';
import type { Gate, JournalEntry } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import { duration, plain } from './text.ts';

/** Everybody who is named in the file. */
export function peopleOf({ run }: RunView, entries: readonly JournalEntry[]): readonly string[] {
  const deciders = entries.flatMap((entry) => (entry.type === 'gate-settled' ? entry.decisions.map(({ by }) => by) : []));
  return [...new Set([run.requester.user, ...deciders])];
}

/** Writes the file. Times are UTC, because it is read by people in several zones. */
export function timeline(view: RunView, entries: readonly JournalEntry[], names: ReadonlyMap<string, string>): string {
  const { run, startedAt, endedAt } = view;
  const who = (user: string) => (names.has(user) ? `${oneLine(names.get(user) ?? '')} (${user})` : user);
  const took = startedAt === undefined || endedAt === undefined ? '' : `, took ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
  return [
    `# ${run.runId}`,
    '',
    `- Procedure: ${run.procedure} on ${run.cluster}${run.mode === 'plan' ? ' (plan only)' : ''}`,
    `- Asked by: ${who(run.requester.user)}, ${run.requester.via === 'terminal' ? 'from a terminal' : 'in Slack'}, ${run.requestedAt}`,
    `- Input: \`${oneLine(JSON.stringify(run.input) ?? '')}\``,
    `- Outcome: ${view.outcome ?? 'not ended'}${took}`,
    '',
    ...(view.conclusion === undefined ? [] : [oneParagraph(view.conclusion), '']),
    '## Timeline (UTC)',
    '',
    ...entries.flatMap((entry) => entryLines(entry, view, who)),
    '',
  ].join('\n');
}

function entryLines(entry: JournalEntry, view: RunView, who: (user: string) => string): string[] {
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
        ...left(entry.command),
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
        `- ${at} gate ${entry.outcome}${entry.decisions.length === 0 ? '' : ` by ${entry.decisions.map(({ by, at: said, verdict, option }) => `${who(by)} (${option === undefined ? verdict : `${verdict} ${option}`}, ${said.slice(11, 19)})`).join(', ')}`}${entry.difference === undefined ? '' : `: ${oneLine(entry.difference)}`}`,
      ];
    case 'run-ended':
      return [`- ${at} ended: ${entry.outcome}`];
    default:
      return entry satisfies never;
  }
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

function left({ output, outputBytes, outputSha256 }: { output: string; outputBytes: number; outputSha256: string }): string[] {
  return Buffer.byteLength(output) >= outputBytes
    ? []
    : [`  (the first ${Buffer.byteLength(output)} of ${outputBytes} bytes; sha256 of all ${outputSha256})`];
}

/** Text from a host in a fence that it cannot close. */
function fenced(text: string): string[] {
  const shown = plain(text).trimEnd();
  if (shown === '') return [];
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`  ${fence}`, ...shown.split('\n').map((line) => `  ${line}`), `  ${fence}`];
}

function oneLine(text: string): string {
  return plain(text).replaceAll(/\s+/g, ' ').trim();
}

function oneParagraph(text: string): string {
  return plain(text)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n');
}
