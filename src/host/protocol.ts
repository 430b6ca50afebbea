/** The lines of the protocol with a host, parsed: docs/host-protocol.md. What does not fit is refused as a whole. */
import { z } from 'zod';
import { Operation } from './operation.ts';
import { optional } from './optional.ts';

/** A range of versions of the protocol, both ends included. */
interface Versions {
  readonly newest: number;
  readonly oldest: number;
}

/** What this bot speaks: its own version, and the one before, so that hosts may be brought up to date after the bot. docs/adr/0026-one-release-apart.md */
export const spokenVersions: Versions = { newest: 1, oldest: 1 };

const Count = z.int().min(0);
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no sha256');

/** The first line of a channel. */
export const Hello = z.object({
  hello: z.literal('etcd-medic-host'),
  /** The newest version that it speaks. */
  protocol: z.int(),
  /** The oldest one; a program that does not say it speaks one version alone. */
  oldest: optional(z.int()),
  program: z.string().max(128),
  host: z.string().max(256),
});
export type Hello = z.infer<typeof Hello>;

/** The newest version that both speak; undefined when there is none. */
export function versionWith({ protocol, oldest = protocol }: Pick<Hello, 'protocol' | 'oldest'>, own = spokenVersions): number | undefined {
  const version = Math.min(protocol, own.newest);
  return version >= Math.max(oldest, own.oldest) ? version : undefined;
}

/** An operation that has ended, with its bounded output; `bytes` and `sha256` are of the whole. */
export const Ended = Operation.safeExtend({
  /** Null when it was ended by a signal. */
  exit: z.int().nullable(),
  ms: z.number().min(0),
  output: z.string(),
  bytes: Count,
  sha256: Sha256,
});
export type Ended = z.infer<typeof Ended>;

/** What went wrong on the host, in its own words. */
export const Failure = z.object({ code: z.string(), message: z.string(), hint: optional(z.string()) });
export type Failure = z.infer<typeof Failure>;

/** One line of an answer, without its id. */
export type Line =
  | { readonly kind: 'begins'; readonly operation: Operation }
  | { readonly kind: 'ended'; readonly operation: Ended }
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'ready'; readonly ready: boolean }
  | { readonly kind: 'stream'; readonly bytes: number }
  | { readonly kind: 'done'; readonly done: unknown }
  | { readonly kind: 'error'; readonly failure: Failure };

const Bytes = z.object({ bytes: Count });
const kinds = {
  begins: Operation.transform((operation): Line => ({ kind: 'begins', operation })),
  ended: Ended.transform((operation): Line => ({ kind: 'ended', operation })),
  progress: Bytes.transform(({ bytes }): Line => ({ kind: 'progress', bytes })),
  ready: z.boolean().transform((ready): Line => ({ kind: 'ready', ready })),
  stream: Bytes.transform(({ bytes }): Line => ({ kind: 'stream', bytes })),
  done: z.unknown().transform((done): Line => ({ kind: 'done', done })),
  error: Failure.transform((failure): Line => ({ kind: 'error', failure })),
} as const;

/** A line, or why it is none. */
export type Parsed = Line | { readonly kind: 'none'; readonly because: string };

/** A JSON object, or undefined. Never throws. */
export function parseObject(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One line of the answer to request `id`. Never throws.
 * An error of id 0, or without one, is about whatever is under way: the program could not read the request.
 */
export function parseLine(line: Buffer, id: number): Parsed {
  const value = parseObject(line);
  if (value === undefined) return { kind: 'none', because: 'a line is no JSON object' };
  const names = Object.keys(value).filter((name) => name !== 'id');
  const [name] = names;
  if (names.length !== 1 || name === undefined || !Object.hasOwn(kinds, name))
    return { kind: 'none', because: 'a line is of no known kind' };
  const isForAll = name === 'error' && [undefined, null, 0].includes(value['id'] as undefined);
  if (value['id'] !== id && !isForAll) return { kind: 'none', because: 'a line belongs to another request' };
  const parsed = kinds[name as keyof typeof kinds].safeParse(value[name]);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return { kind: 'none', because: `a line \`${name}\` is not of the known form${issue === undefined ? '' : ` (${issue.path.join('.')})`}` };
}
