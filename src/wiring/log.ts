/** The log: one JSON object a line, without secrets; in the journal of systemd with its priority in front. */
import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import type { Conceal } from '../engine/conceal.ts';
import { forScreen } from '../engine/foreign-text.ts';

/** pino's levels as priorities of syslog: https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html */
const priorities: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };
const errorPriority = 3;

interface LineOptions {
  readonly conceal: Conceal;
  /** Whether the line goes to the journal of systemd. */
  readonly inJournal: boolean;
}

interface LogDeps extends LineOptions {
  readonly level: NonNullable<LoggerOptions['level']>;
  /** Standard output when not given. */
  readonly destination?: DestinationStream;
}

/** Makes the log of the process. */
export function createLog({ level, destination, ...options }: LogDeps): Logger {
  const settings: LoggerOptions = {
    level,
    redact: ['*.password', '*.token', '*.botToken', '*.appToken'],
    // The names above are not all that errors of foreign packages carry along: their commands, their requests' headers.
    hooks: { streamWrite: (line) => logLine(line, options) },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** A line of pino's as it is written. Secrets are looked for in each text by itself, so that what is taken out never breaks the JSON around it. */
export function logLine(line: string, { conceal, inJournal }: LineOptions): string {
  const entry: unknown = JSON.parse(line);
  const level = typeof entry === 'object' && entry !== null && 'level' in entry ? Number(entry.level) : Number.NaN;
  const text = `${JSON.stringify(without(entry, conceal))}\n`;
  return inJournal ? `<${priorities[level] ?? errorPriority}>${text}` : text;
}

/** Names too: headers and environments come as names and values. */
function without(value: unknown, conceal: Conceal): unknown {
  if (typeof value === 'string') return conceal(value);
  if (Array.isArray(value)) return value.map((each) => without(each, conceal));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]: [string, unknown]) => [conceal(name), without(each, conceal)]));
}

/** What a process says before it has a log, or when it cannot go on: lines for people; in the journal each is an error. */
export function lastWords(text: string, { inJournal }: Pick<LineOptions, 'inJournal'>): string {
  const lines = forScreen(text).trimEnd().split('\n');
  return lines.map((line) => `${inJournal ? `<${errorPriority}>` : ''}${line}\n`).join('');
}
