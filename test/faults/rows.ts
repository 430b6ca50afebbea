/** The rows of docs/reliability.md, as tests record them: a line of JSON each, the latest of a fault counts. */
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { rowFile } from '../record/row-file.ts';

/** The chapters of the page, in its order. */
export const areas = ['crash', 'zombie', 'redis', 'slack', 'hosts', 'stop', 'soak'] as const;

const Row = z.object({
  area: z.enum(areas),
  /** The test file, by its name. */
  file: z.string(),
  /** What was done: `worker killed (SIGKILL)`. */
  fault: z.string(),
  procedure: z.string(),
  /** When or in which step: `inside hand-out`. */
  where: z.string(),
  etcd: z.string(),
  /** How it ended, in a sentence; of a failed test what was found instead. */
  outcome: z.string(),
  /** Whether all that is promised held. */
  held: z.boolean(),
  dataLost: z.string(),
  duplicates: z.string(),
  /** How often the fault was done. */
  times: z.number(),
  /** Seconds from each fault to the moment when the run was carried on. */
  takeUpSeconds: z.array(z.number()),
  /** ISO 8601, UTC. */
  at: z.string(),
});
/** One fault that was tried. */
export type Row = z.infer<typeof Row>;

/** What tells one row from another: recorded anew, a row takes the place of the earlier one. */
export function keyOf({ area, fault, procedure, where, etcd }: Row): string {
  return JSON.stringify([area, fault, procedure, where, etcd]);
}

const file = rowFile('faults', Row, keyOf);
export const { add: addRow, read: readRows, forget: forgetRows } = file;

/** Where a page goes that is not whole: beside the rows. */
export const unfinishedPage = join(dirname(file.path), 'reliability.md');
