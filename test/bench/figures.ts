/** What was measured: one row of the table each, kept with every sample it rests on. */
import { z } from 'zod';
import { networkProfiles } from '../lab/network-profiles.ts';

const Target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('at-most'), value: z.number() }),
  z.object({ kind: z.literal('at-most-of-hand'), factor: z.number() }),
  z.object({ kind: z.literal('at-least-of-hand'), factor: z.number() }),
]);

/** What one step of the bot took, how much of it went by in commands, and how many there were. */
const StepTime = z.object({ id: z.string(), seconds: z.number(), inCommandsSeconds: z.number(), commands: z.number() });
export type StepTime = z.infer<typeof StepTime>;

/** `s` and `MB/s` and `MB` are decimal: 1 MB is a million bytes. */
export const Figure = z.object({
  case: z.string(),
  /** Absent when the size of the data makes no difference. */
  megabytes: z.number().optional(),
  what: z.string(),
  unit: z.enum(['s', 'MB/s', 'MB', 'requests']),
  /** Of the script; absent where there is nothing to compare with. */
  hand: z.array(z.number()).optional(),
  bot: z.array(z.number()),
  target: Target.optional(),
  /** Of the last run: where the bot's time goes. */
  steps: z.array(StepTime).optional(),
  /** ISO 8601, UTC. */
  measuredAt: z.string(),
});
export type Figure = z.infer<typeof Figure>;

/** A case that was not measured, with the reason. */
export const Absence = z.object({ case: z.string(), megabytes: z.number().optional(), because: z.string() });
export type Absence = z.infer<typeof Absence>;

const Machine = z.object({
  cores: z.number(),
  processor: z.string(),
  memoryMegabytes: z.number(),
  diskFreeMegabytes: z.number(),
  kernel: z.string(),
  etcd: z.string(),
  etcdctl: z.string(),
  node: z.string(),
  loadAverage: z.number(),
});
/** The facts about the machine that figures depend on. */
export type Machine = z.infer<typeof Machine>;

/** The order in which cases are measured and shown. */
export const caseOrder = ['latency', 'status', 'backup', 'restore', 'replace-member', 'recover-space'];

/** What was measured on one network. */
export const Results = z.object({
  machine: Machine,
  runs: z.number(),
  startedAt: z.string(),
  tookSeconds: z.number(),
  figures: z.array(Figure),
  skipped: z.array(Absence),
  failed: z.array(Absence),
});
export type Results = z.infer<typeof Results>;

const Networks = z.partialRecord(z.enum(networkProfiles), Results);
/** One bench.json: results by network. Before there were several it held those of `plain` alone. */
export const Bench = z.union([Networks, Results.transform((plain): z.infer<typeof Networks> => ({ plain }))]);
export type Bench = z.infer<typeof Bench>;

/** Puts new results over earlier ones: a case that was measured, skipped or failed now replaces all that was said of it before. */
export function withEarlier(earlier: Results, now: Results): Results {
  const key = (one: { readonly case: string; readonly megabytes?: number | undefined }) => `${one.case} ${one.megabytes ?? ''}`;
  const seen = new Set([...now.figures, ...now.skipped, ...now.failed].map(key));
  const kept = <Row extends Absence | Figure>(rows: readonly Row[]) => rows.filter((row) => !seen.has(key(row)));
  return {
    ...now,
    figures: inOrder([...kept(earlier.figures), ...now.figures]),
    skipped: inOrder([...kept(earlier.skipped), ...now.skipped]),
    failed: inOrder([...kept(earlier.failed), ...now.failed]),
  };
}

/** By case, then by size; what belongs together stays in the order it was measured. */
export function inOrder<Row extends Absence | Figure>(rows: readonly Row[]): Row[] {
  const rank = (row: Row) => caseOrder.indexOf(row.case);
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.megabytes ?? 0) - (b.megabytes ?? 0));
}
