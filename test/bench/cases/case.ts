/** What a case of the benchmark is. */
import type { Figure } from '../figures.ts';
import type { Ground } from '../ground.ts';

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

/** The target: what the bot may add to any procedure over its commands. */
export const addedLimitSeconds = 2;
