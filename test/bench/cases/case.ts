/** What a case of the benchmark is. */
import type { BotRun } from '../bot-run.ts';
import type { Figure } from '../figures.ts';
import type { Ground } from '../ground.ts';
import type { Interval } from '../intervals.ts';
import { addedMs, stepIntervals, stepTimes } from '../overhead.ts';

/** What a case gets to work with. */
export interface Order {
  readonly ground: Ground;
  readonly megabytes: number;
  /** How often each side is measured. */
  readonly runs: number;
  /** Says what is being done. */
  readonly say: (text: string) => void;
}

/** One case of the benchmark. */
export interface Case {
  readonly id: string;
  /** `once`: the size of the data makes no difference, so only the smallest is measured. */
  readonly sizes: 'each' | 'once';
  /** What the cluster is filled with. */
  readonly filling: 'keys' | 'revisions';
  measure(order: Order): Promise<readonly Omit<Figure, 'case' | 'megabytes' | 'measuredAt'>[]>;
}

/** A figure without what the case's frame adds. */
export type Row = Awaited<ReturnType<Case['measure']>>[number];

/** Milliseconds between two instants, as seconds. */
export function seconds({ from, to }: { readonly from: number; readonly to: number }): number {
  return (to - from) / 1_000;
}

/**
 * What the bot added to the commands of its runs, over the whole of each run, as rows.
 * @param waits steps in which etcd itself is waited for: a script sits those out as well
 */
export function addedRows(runs: readonly BotRun[], waits: readonly string[] = []): readonly Row[] {
  const added = (beside: (run: BotRun) => readonly Interval[]) =>
    runs.map((run) => {
      const whole = { from: run.askedAt, to: run.endedAt };
      return addedMs(run.entries, whole, [...stepIntervals(run.entries, waits), ...beside(run)]) / 1_000;
    });
  return [
    {
      what: 'added by the bot: nothing that it had started was running',
      unit: 's',
      bot: added(({ processes }) => processes),
      target: { kind: 'at-most', value: addedLimitSeconds },
    },
    { what: 'the same, by the journal alone', unit: 's', bot: added(() => []) },
  ];
}

/** Where the time of the last of some runs went. */
export function stepsOfLast(runs: readonly BotRun[]): Row['steps'] {
  const last = runs.at(-1);
  return last === undefined ? undefined : stepTimes(last.entries, last.processes);
}

/** The target: what the bot may add to any procedure over its commands. */
const addedLimitSeconds = 1;
