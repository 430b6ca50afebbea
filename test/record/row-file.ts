/** Rows that tests record: a line of JSON each in a file of .cache, the latest of a key counts. */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

/** Where the rows of one page are. Several processes may add at once. */
export interface RowFile<Row> {
  readonly path: string;
  add(row: Row, to?: string): void;
  /** All rows there are, in the order in which they were first recorded. */
  read(from?: string): readonly Row[];
  /** Begins an empty table. */
  forget(): void;
}

/** @param name the folder in .cache @param keyOf what tells one row from another: recorded anew, a row takes the place of the earlier one */
export function rowFile<Row>(name: string, schema: z.ZodType<Row>, keyOf: (row: Row) => string): RowFile<Row> {
  const path = fileURLToPath(new URL(`../../.cache/${name}/rows.jsonl`, import.meta.url));
  return {
    path,
    add(row, to = path) {
      mkdirSync(dirname(to), { recursive: true });
      appendFileSync(to, `${JSON.stringify(row)}\n`);
    },
    read(from = path) {
      const lines = textOf(from).split('\n').filter(Boolean);
      return [...new Map(lines.map((line) => schema.parse(JSON.parse(line))).map((row) => [keyOf(row), row])).values()];
    },
    forget() {
      rmSync(path, { force: true });
    },
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
