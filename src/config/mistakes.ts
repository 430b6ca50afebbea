/** Mistakes in the configuration as lines that say where and what: `clusters.prod.members.etcd02.clientUrl: is missing (line 31)`. */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';

/** Where a mistake is: the keys from the top of config.yaml, or the name of an environment variable. */
export type Path = readonly PropertyKey[];

/** One thing to correct, or to think about when it is a warning. */
export interface Mistake {
  readonly path: Path;
  /** What is wrong and what is needed instead; never the value of a secret. */
  readonly message: string;
}

/** Makes one. */
export function mistake(path: Path, message: string): Mistake {
  return { path, message };
}

/** A mistake as one line. @param line the line of config.yaml, when it is known */
export function formatMistake({ path, message }: Mistake, line?: number): string {
  const place = path.map(String).join('.');
  return `${place === '' ? '' : `${place}: `}${message}${line === undefined ? '' : ` (line ${line})`}`;
}

/** What zod found, in words; unknown keys come with the nearest known one. @param schema what was parsed with */
export function mistakesOf(error: z.ZodError, schema: z.ZodType): Mistake[] {
  return error.issues.flatMap((issue) => {
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => mistake([...issue.path, key], unknownKey(key, keysAt(schema, issue.path))));
      case 'invalid_key':
        return issue.issues.map(({ message }) => mistake(issue.path, message));
      case 'invalid_type':
        return [
          mistake(issue.path, issue.input === undefined ? 'is missing' : `${wanted(issue.expected)} is needed, not ${given(issue.input)}`),
        ];
      case 'invalid_value':
        return [mistake(issue.path, issue.message.startsWith('Invalid') ? `one of ${issue.values.join(', ')} is needed` : issue.message)];
      case 'too_small':
        return [mistake(issue.path, issue.origin === 'array' ? 'at least one is needed' : `must not be less than ${issue.minimum}`)];
      case 'too_big':
        return [mistake(issue.path, `must not be more than ${issue.maximum}`)];
      default:
        return [mistake(issue.path, issue.message)];
    }
  });
}

/** `unknown key; did you mean clientUrl?` when one is near enough to have been meant. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = known.length === 0 ? undefined : closest(key, known);
  const isNear = nearest !== undefined && distance(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, nearest.length / 3);
  return isNear ? `unknown key; did you mean ${nearest}?` : `unknown key; known here: ${known.join(', ')}`;
}

function wanted(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return words[expected] ?? expected;
}

// The kind alone: what stands in the wrong place may be a password.
function given(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** The keys a mapping may have at a place of the schema. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let here: unknown = schema;
  for (const key of path) here = child(unwrap(here), key);
  const object = unwrap(here);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function child(schema: unknown, key: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
