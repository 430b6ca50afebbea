/** The program on the hosts, by its own tests in Python: `test_*.py` here, each module as one test, and what of it needs root as another. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { findPython, inCi } from '../../scripts/python.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = readdirSync(here).filter((name) => /^test_.*\.py$/.test(name));
const python = findPython();
/** Of a module, on a machine that is busy with hosts. */
const timeoutMs = 240_000;
const needsRoot = (file: string) => /^ *@needs_root/m.test(readFileSync(here + file, 'utf8'));

/** What cannot run is skipped with its reason; in CI that is a failure. */
function skip(context: TestContext, reason: string): never {
  if (inCi) throw new Error(reason);
  return context.skip(reason);
}

function runModule(context: TestContext, file: string, which: readonly string[]) {
  if (python.path === undefined) return skip(context, python.reason);
  const args = ['-I', `${here}run.py`, file.replace(/\.py$/, ''), ...which];
  const { status, stdout, stderr } = spawnSync(python.path, args, { encoding: 'utf8', timeout: timeoutMs });
  expect({ status }, `${stdout}${stderr}`).toEqual({ status: 0 });
  const { ran, skipped } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { ran: number; skipped: string[] };
  expect(ran).toBeGreaterThan(0);
  if (skipped.length > 0) skip(context, skipped.join('; '));
}

describe('etcd-medic-host', () => {
  it.for(modules)('%s', { timeout: timeoutMs }, (file, context) => runModule(context, file, []));

  it.for(modules.filter(needsRoot))('%s, what needs root', { timeout: timeoutMs }, (file, context) => {
    if (process.getuid?.() !== 0) return skip(context, 'acts for two users need root: run `sudo npm test`');
    return runModule(context, file, ['root']);
  });
});
