/** A value that JSON may have as null, or not at all: here it is undefined then. */
import type { z } from 'zod';

export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}
