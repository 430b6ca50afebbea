/** Checks everything that is not a test: types, lint, format, unused code, of TypeScript and of the Python on the hosts. `npm run check`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDebianPackages } from './debian-packages.mjs';
import { continueOnPinnedNode, ensureNodeModules, root } from './node-modules.mjs';
import { ensurePythonTools, inCi, pythonPackages } from './python.mjs';

ensureNodeModules();
continueOnPinnedNode();
ensureDebianPackages(process.platform === 'linux' ? pythonPackages : {});
const python = ensurePythonTools();
const program = 'deploy/host/etcd_medic_host';

/** What each looks at, and what repairs it. */
const checks = [
  { name: 'types', argv: ['tsc', '--noEmit'] },
  { name: 'lint and folder boundaries', argv: ['oxlint', '--quiet'] },
  { name: 'format', argv: ['oxfmt', '--list-different'], hint: '`npm run format` formats these files' },
  { name: 'unused code and packages', argv: ['knip', '--no-progress'] },
];

/** Of the program on the hosts, in Python. */
const pythonChecks = [
  { name: 'lint of the program on the hosts', argv: ['ruff', 'check', '--quiet', '--no-cache', program, 'test/host-program'] },
  {
    name: 'types of the program on the hosts',
    argv: ['mypy', '--config-file=deploy/host/pyproject.toml', '--cache-dir=node_modules/.cache/mypy', '--no-error-summary', program],
  },
  {
    name: 'Python 3.6, as RHEL 8 has it',
    argv: ['vermin', '--quiet', '--no-tips', '--eval-annotations', '--violations', '-t=3.6-', program],
  },
];

if (python.bin === undefined)
  process.stdout.write(`check: ${inCi ? 'could not run' : 'skipped'}: the program on the hosts: ${python.reason}\n`);
const all = [
  ...checks.map((check) => ({ ...check, bin: join(root, 'node_modules', '.bin') })),
  ...(python.bin === undefined ? [] : pythonChecks.map((check) => ({ ...check, bin: python.bin }))),
];

const failed = all.filter(({ name, bin, argv: [file, ...args], hint }) => {
  process.stdout.write(`check: ${name} (${[file, ...args].join(' ')})\n`);
  const { status } = spawnSync(join(bin, file), args, { cwd: root, stdio: 'inherit' });
  if (status !== 0 && hint !== undefined) process.stdout.write(`${hint}\n`);
  return status !== 0;
});

if (python.bin === undefined && inCi) failed.push({ name: 'the program on the hosts' });

process.stdout.write(failed.length === 0 ? 'check: all is well\n' : `check: failed: ${failed.map(({ name }) => name).join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
