/** Keeps secrets out of what is recorded and shown, as the last of several guards: no command carries one, and what is known to hold some is not recorded. */
import { createHash } from 'node:crypto';
import { OpsError, isOpsError } from '../errors.ts';
import type { ExecutedCommand } from './command.ts';
import type { Journal, JournalEvent } from './journal.ts';
import { concealed, withoutShapes } from './shapes.ts';

/** A text without the secrets that are known. */
export type Conceal = (text: string) => string;

/** A shorter one would be found in texts that have nothing to do with it. */
const shortestCharacters = 8;
/** Names whose values the engine goes by, or that hold no text of a host. */
const structural = new Set([
  'prepared',
  'type',
  'stepId',
  'gateId',
  'id',
  'digest',
  'option',
  'kind',
  'how',
  'outcome',
  'verdict',
  'code',
  'by',
  'align',
]);

/** @param secrets their values; found as they are, inside of JSON, and inside of URLs */
export function createConceal(secrets: readonly string[]): Conceal {
  const forms = secrets
    .filter((secret) => secret.length >= shortestCharacters)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  // The longest first: one secret may be a part of another.
  const known = [...new Set(forms)].toSorted((a, b) => b.length - a.length);
  return (text) => {
    const unknown = known.reduce((rest, secret) => rest.replaceAll(secret, concealed), text);
    return withoutShapes(unknown);
  };
}

/** What went wrong, without secrets: it is told to people, too. An error that holds none is given as it is. */
export function concealedError(error: unknown, conceal: Conceal): unknown {
  if (isOpsError(error)) {
    const { code, message, hint, details, cause } = error;
    return new OpsError(code, conceal(message), { hint: conceal(hint), details: concealAll(details, conceal), cause });
  }
  if (!(error instanceof Error) || conceal(error.message) === error.message) return error;
  return new Error(conceal(error.message), { cause: error });
}

/** Every text in a value, but for those that are no prose. */
export function concealAll<Value>(value: Value, conceal: Conceal): Value {
  return mapped(value, conceal) as Value;
}

function mapped(value: unknown, conceal: Conceal): unknown {
  if (typeof value === 'string') return conceal(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, conceal));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => [name, structural.has(name) ? each : mapped(each, conceal)]),
  );
}

/** A journal that takes no secrets in. */
export function concealing(journal: Journal, conceal: Conceal): Journal {
  return {
    entries: () => journal.entries(),
    append: (event) => journal.append(withoutSecrets(event, conceal)),
  };
}

function withoutSecrets(event: JournalEvent, conceal: Conceal): JournalEvent {
  const clean = concealAll(event, conceal);
  if (event.type !== 'command' || clean.type !== 'command') return clean;
  return { ...clean, command: rehashed(event.command, clean.command) };
}

/** The hash of what was concealed would confirm a guess at it. */
function rehashed(before: ExecutedCommand, after: ExecutedCommand): ExecutedCommand {
  if (before.output === after.output) return after;
  return { ...after, outputSha256: createHash('sha256').update(after.output).digest('hex') };
}
