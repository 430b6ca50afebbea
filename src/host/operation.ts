/** An operation of the program on a host, and the command that a person would type for it; both ways, because an approval is of commands. */
import { z } from 'zod';
import type { PlannedCommand } from '../engine/command.ts';
import { isPlain } from '../engine/foreign-text.ts';
import { optional } from './optional.ts';

/** What is approved is read by people, so a word that shows something else than it is is no word. */
const Word = z.string().max(16_384).refine(isPlain, 'holds characters that cannot be seen');
const Account = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?$|^[0-9]{1,10}$/, 'is no account');

/** One thing that the program does: docs/host-protocol.md. */
export const Operation = z
  .object({
    // A dash in front would be taken for an option of sudo.
    argv: z.tuple([Word.regex(/^[^-]/, 'is no program')], Word).refine((argv) => argv.length <= 512, 'has too many words'),
    as: z.enum(['root', 'etcd']),
    user: optional(Account),
    group: optional(Account),
    changes: z.boolean(),
  })
  .refine(({ as, user, group }) => as === 'root' || (user !== undefined && group !== undefined), 'has no user');
export type Operation = z.infer<typeof Operation>;

/** As an operator would type it. */
export function typed({ argv, as, user, group }: Pick<Operation, 'argv' | 'as' | 'user' | 'group'>): readonly string[] {
  if (as === 'root' || user === 'root' || user === undefined || group === undefined) return ['sudo', ...argv];
  return ['sudo', '-u', user, '-g', group, ...argv];
}

/** The argv of the operation that is typed so; undefined for a command that is none of the program's. The reverse of `typed`. */
export function untyped(command: readonly string[]): readonly string[] | undefined {
  const [sudo, ...rest] = command;
  if (sudo !== 'sudo' || rest.length === 0) return undefined;
  if (!rest[0]?.startsWith('-')) return rest;
  const [u, , g, , ...argv] = rest;
  return u === '-u' && g === '-g' && argv.length > 0 ? argv : undefined;
}

/** What a plan of a step holds for one host, as that host's program knows it. */
export function approvedFor(member: string, plan: readonly PlannedCommand[]): readonly (readonly string[])[] {
  return plan.filter(({ on }) => on === member).flatMap(({ argv }) => [untyped(argv)].filter((each) => each !== undefined));
}
