/** Checks everything that is not a test: types, lint, format, unused code. `npm run check`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { continueOnPinnedNode, ensureNodeModules, root } from './node-modules.mjs';

ensureNodeModules();
continueOnPinnedNode();

/** What each looks at, and what repairs it. */
const checks = [
  { name: 'types', argv: ['tsc', '--noEmit'] },
  { name: 'lint and folder boundaries', argv: ['oxlint', '--quiet'] },
  { name: 'format', argv: ['oxfmt', '--list-different'], hint: '`npm run format` formats these files' },
  { name: 'unused code and packages', argv: ['knip', '--no-progress'] },
];

const failed = checks.filter(({ name, argv: [program, ...args], hint }) => {
  process.stdout.write(`check: ${name} (${[program, ...args].join(' ')})\n`);
  const { status } = spawnSync(join(root, 'node_modules', '.bin', program), args, { cwd: root, stdio: 'inherit' });
  if (status !== 0 && hint !== undefined) process.stdout.write(`${hint}\n`);
  return status !== 0;
});

process.stdout.write(failed.length === 0 ? 'check: all is well\n' : `check: failed: ${failed.map(({ name }) => name).join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
