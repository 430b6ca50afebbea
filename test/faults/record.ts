/** Records what came of a fault, for docs/reliability.md: a test that fails makes a row as well. */
import { basename } from 'node:path';
import { expect } from 'vitest';
import { inShort } from '../record/cell.ts';
import { addRow } from './rows.ts';
import type { Row } from './rows.ts';

/** What a test says of a fault before it is done. */
export type Fault = Pick<Row, 'area' | 'fault' | 'procedure' | 'where' | 'etcd'>;

/** What a test has found; what is left out holds as promised. */
export interface Found {
  /** How it ended, in a sentence. */
  readonly outcome: string;
  readonly times?: number;
  readonly takeUpSeconds?: readonly number[];
  /** `none` unless said. */
  readonly dataLost?: string;
  readonly duplicates?: string;
}

/** Records a fault that was survived as promised. Only within a test. */
export function recordFault(fault: Fault, { outcome, times = 1, takeUpSeconds = [], dataLost = 'none', duplicates = 'none' }: Found): void {
  add(fault, {
    outcome,
    held: true,
    dataLost,
    duplicates,
    times,
    takeUpSeconds: takeUpSeconds.map((seconds) => Math.round(seconds * 10) / 10),
  });
}

/**
 * Carries the test of a fault out and records what came of it.
 * @param task does the fault, expects what is promised, and gives how it ended
 */
export async function recorded(fault: Fault, task: () => Promise<Found>): Promise<void> {
  const unknown = { held: false, dataLost: 'not known', duplicates: 'not known', times: 1, takeUpSeconds: [] };
  // First, because a test that runs out of time or is killed says nothing any more.
  add(fault, { ...unknown, outcome: 'the test did not end' });
  try {
    recordFault(fault, await task());
  } catch (error) {
    add(fault, { ...unknown, outcome: inShort(error) });
    throw error;
  }
}

function add(fault: Fault, rest: Omit<Row, keyof Fault | 'file' | 'at'>): void {
  const file = basename(expect.getState().testPath ?? '');
  addRow({ ...fault, ...rest, file, at: new Date().toISOString() });
}
