/** The rows of docs/attacks.md, as tests record them. */
import { z } from 'zod';
import { rowFile } from '../record/row-file.ts';

/** Who attacks: the chapters of the page, in its order. */
export const attackers = ['key', 'etcd', 'host', 'member'] as const;
export type Attacker = (typeof attackers)[number];

const Row = z.object({
  who: z.enum(attackers),
  /** The test file, by its name. */
  file: z.string(),
  tried: z.string(),
  /** What came of it, in a sentence; of a failed test what was found instead. */
  happened: z.string(),
  /** Whether nothing was reached. */
  held: z.boolean(),
  /** What it was tried on: `Debian 12.15, sudo 1.9.13p3, OpenSSH 9.2p1, etcd 3.4.23`; nothing for what needs no host. */
  on: z.string(),
});
/** One attack that was tried. */
export type Row = z.infer<typeof Row>;

const Count = z.object({ file: z.string(), outcome: z.string(), times: z.int(), of: z.string() });
/** How often requests of the fuzzer ended in one way. */
export type Count = z.infer<typeof Count>;

export const attackRows = rowFile('attacks', Row, ({ who, file, tried }) => JSON.stringify([who, file, tried]));
export const fuzzCounts = rowFile('fuzz', Count, ({ file, outcome }) => JSON.stringify([file, outcome]));
