/** Writes docs/attacks.md, once every file that attacks has recorded something: a part must not replace the whole. */
import { globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attackRows, fuzzCounts } from './rows.ts';
import { pageOf } from './table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes it and says where, or says what is missing. */
export function writePage(): void {
  const files = filesThatRecord();
  const rows = attackRows.read().filter(({ file }) => files.includes(file));
  const counts = fuzzCounts.read();
  const missing = files.filter((file) => ![...rows, ...counts].some((row) => row.file === file));
  if (missing.length > 0) {
    process.stdout.write(`docs/attacks.md stays as it is, because these have recorded nothing yet: ${missing.join(' ')}\n`);
    return;
  }
  const path = join(root, 'docs', 'attacks.md');
  writeFileSync(`${path}.next`, pageOf(rows, counts));
  renameSync(`${path}.next`, path);
  process.stdout.write(`${rows.length} attacks are written to ${path}\n`);
}

function filesThatRecord(): readonly string[] {
  return globSync('test/attacks/*.test.ts', { cwd: root })
    .filter((file) => /from '\.\/(?:record|rows)\.ts'/.test(readFileSync(join(root, file), 'utf8')) && !file.endsWith('table.test.ts'))
    .map((file) => basename(file))
    .toSorted();
}
