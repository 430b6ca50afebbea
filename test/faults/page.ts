/** Writes docs/reliability.md; when some files of the suite have no rows, and there is a page already, beside the rows instead: a part must not replace the whole. */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readRows, unfinishedPage } from './rows.ts';
import { pageOf } from './table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes it and says where. */
export function writePage(): void {
  const rows = readRows();
  const missing = filesThatRecord().filter((file) => !rows.some((row) => row.file === file));
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const docs = join(root, 'docs', 'reliability.md');
  const page = pageOf(rows, { missing, version, node: process.versions.node, cores: availableParallelism() });
  const path = missing.length === 0 || !existsSync(docs) ? docs : unfinishedPage;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.next`, page);
  renameSync(`${path}.next`, path);
  const remark = path === docs ? '' : `; docs/reliability.md stays as it is, because these have no rows yet: ${missing.join(' ')}`;
  process.stdout.write(`${rows.length} rows are written to ${path}${remark}\n`);
}

/** Not every file of the suite does: some prove what a procedure does under a fault, in words of their own. */
function filesThatRecord(): readonly string[] {
  return globSync('test/**/*.faults.test.ts', { cwd: root })
    .filter((file) => readFileSync(join(root, file), 'utf8').includes("from './record.ts'"))
    .map((file) => basename(file));
}
