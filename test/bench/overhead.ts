/** What the bot adds to its own commands: the time of a run in which none of them ran and no person was waited for. */
import type { JournalEntry } from '../../src/engine/journal.ts';
import type { StepTime } from './figures.ts';
import { coveredMs } from './intervals.ts';
import type { Interval } from './intervals.ts';

/**
 * When each command ran. The commands of one ssh session are recorded together at its end, so on each host the one before ended, at the
 * latest, when the next began.
 */
export function commandIntervals(entries: readonly JournalEntry[]): readonly Interval[] {
  const nextFrom = new Map<string, number>();
  return entries.toReversed().flatMap((entry) => {
    if (entry.type !== 'command') return [];
    const { on, durationMs } = entry.command;
    const place = `${entry.stepId} ${on}`;
    const to = Math.min(Date.parse(entry.at), nextFrom.get(place) ?? Infinity);
    nextFrom.set(place, to - durationMs);
    return [{ from: to - durationMs, to }];
  });
}

/** When the run waited at an approval gate, from the gate's opening until its decision was taken up. */
export function gateIntervals(entries: readonly JournalEntry[]): readonly Interval[] {
  return entries.flatMap((entry) => {
    if (entry.type !== 'gate-settled') return [];
    const opened = entries.find((other) => other.type === 'gate-opened' && other.gate.gateId === entry.gateId);
    return opened === undefined ? [] : [{ from: Date.parse(opened.at), to: Date.parse(entry.at) }];
  });
}

/** When a step ran, from its beginning until it was settled; nothing when it did not. */
export function stepIntervals(entries: readonly JournalEntry[], stepIds: readonly string[]): readonly Interval[] {
  return stepIds.flatMap((stepId) => {
    const started = entries.findLast((entry) => entry.type === 'step-started' && entry.stepId === stepId);
    const settled = entries.findLast((entry) => entry.type === 'step-settled' && entry.stepId === stepId);
    return started === undefined || settled === undefined ? [] : [{ from: Date.parse(started.at), to: Date.parse(settled.at) }];
  });
}

/**
 * Milliseconds of `within` that belong to neither a command, nor a gate, nor to `others`: processes that the bot had started, and waits
 * for etcd itself that a script has to sit out as well (members that elect a leader or fetch their data).
 */
export function addedMs(entries: readonly JournalEntry[], within: Interval, others: readonly Interval[] = []): number {
  return within.to - within.from - coveredMs([...commandIntervals(entries), ...gateIntervals(entries), ...others], within);
}

/** What each step took that was carried out, in order, and how long meanwhile a command or a process that the bot had started was running. */
export function stepTimes(entries: readonly JournalEntry[], processes: readonly Interval[] = []): StepTime[] {
  const ran = new Set(entries.flatMap((entry) => (entry.type === 'step-settled' ? [entry.stepId] : [])));
  return [...ran].flatMap((id) => {
    const own = entries.filter((entry) => entry.type === 'command' && entry.stepId === id);
    return stepIntervals(entries, [id]).map((step) => ({
      id,
      seconds: (step.to - step.from) / 1_000,
      inCommandsSeconds: coveredMs([...commandIntervals(own), ...processes], step) / 1_000,
      commands: own.length,
    }));
  });
}

/** When the first command that goes over the network began; undefined when there was none. */
export function firstRemoteCommandAt(entries: readonly JournalEntry[]): number | undefined {
  for (const entry of entries) {
    // What is typed on the bot's machine goes to a member all the same when it names endpoints.
    if (entry.type === 'command' && (entry.command.on !== 'bot' || entry.command.argv.includes('--endpoints')))
      return Date.parse(entry.at) - entry.command.durationMs;
  }
  return undefined;
}
