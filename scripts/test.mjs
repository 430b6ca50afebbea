/**
 * `npm test`: installs what is missing, runs every suite that can run here, and says as its last line how many tests passed and failed.
 * `npm run test:faults` (`--faults`): the same with the faults and whatever else takes long, and writes docs/reliability.md from what came
 * of the faults. docs/attacks.md is written by either, as far as there are attacks to write of.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackages, packages } from './debian-packages.mjs';
import { continueOnPinnedNode, ensureNodeModules, pinnedNode, root, runOnPinnedNode } from './node-modules.mjs';
import { longRuns, ordinaryRuns, whyNot } from './suites.mjs';

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const withFaults = process.argv.includes('--faults');
const filters = process.argv.slice(2).filter((word) => word !== '--faults');

ensureNodeModules();
continueOnPinnedNode();
const { packages: labPackages } = await import('../test/lab/packages.ts');
ensureDebianPackages(process.platform === 'linux' ? { ...packages, ...labPackages } : {});

const runs = (withFaults ? longRuns : ordinaryRuns).map(({ suites, ...run }) => {
  const left = suites.map((suite) => ({ suite, reason: whyNot(suite, labPackages) })).filter(({ reason }) => reason !== undefined);
  return { ...run, left, running: suites.filter((suite) => !left.some((one) => one.suite === suite)) };
});
const withRows = withFaults && runs.some(({ running }) => running.includes('faults'));

// A whole run begins with an empty table; one of some files replaces their rows and keeps the others.
if (withRows && filters.length === 0) (await import('../test/faults/rows.ts')).forgetRows();
const withAttacks = runs.some(({ running }) => running.includes('lab'));
if (!withFaults && withAttacks && filters.length === 0) (await import('../test/attacks/rows.ts')).attackRows.forget();
const summary = { passed: 0, failed: 0, skipped: [] };
for (const run of runs) {
  const { passed, failed, skipped } = runTests(run);
  summary.passed += passed;
  summary.failed += failed;
  summary.skipped.push(...skipped);
  for (const { suite, reason } of run.left) for (const name of testsOf(suite, run)) summary.skipped.push({ name, reason });
}
if (withRows) (await import('../test/faults/page.ts')).writePage();
if (withAttacks && filters.every((filter) => filter.includes('attacks'))) (await import('../test/attacks/page.ts')).writePage();

/** In CI nothing is skipped: what cannot run has failed. */
const inCi = ['true', '1'].includes(process.env['CI'] ?? '');
report(inCi ? { ...summary, failed: summary.failed + summary.skipped.length } : summary);

function runTests({ running, tags }) {
  // Without a project vitest would run all of them.
  if (running.length === 0) return { passed: 0, failed: 0, skipped: [] };
  const folder = mkdtempSync(join(tmpdir(), 'etcd-medic-test-'));
  const file = join(folder, 'summary.json');
  try {
    const exitCode = runOnPinnedNode([vitest, 'run', ...chosen(running, tags), '--passWithNoTests', ...filters], {
      TEST_SUMMARY_FILE: file,
    });
    const result = JSON.parse(readFileSync(file, 'utf8'));
    // Whatever vitest found wrong beyond a test counts too.
    return exitCode !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
  } catch (error) {
    process.stdout.write(`vitest ended without a summary: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosen(suites, tags) {
  return [...suites.flatMap((name) => ['--project', name]), ...(tags === undefined ? [] : [`--tagsFilter=${tags}`])];
}

/** The names of the tests of a suite that does not run; the suite's own when they cannot be listed. */
function testsOf(suite, { tags }) {
  const args = [
    vitest,
    'list',
    '--json',
    // Read without being run, tests that a function declares would be missed.
    '--staticParse=false',
    ...chosen([suite], tags),
    '--passWithNoTests',
    ...filters.filter((word) => !word.startsWith('-')),
  ];
  const { status, stdout } = spawnSync(pinnedNode, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) return [`the suite ${suite}, whose tests cannot be listed`];
  return JSON.parse(stdout).map(({ name, file }) => `${file.slice(root.length)} > ${name}`);
}

function report({ passed, failed, skipped }) {
  const byReason = Map.groupBy(skipped, ({ reason }) => reason);
  for (const [reason, tests] of byReason) {
    process.stdout.write(
      `${inCi ? 'Could not run' : 'Skipped'}, ${tests.length}: ${reason}\n${tests.map(({ name }) => `  ${name}\n`).join('')}`,
    );
  }
  if (passed + failed === 0) process.stdout.write('No test ran.\n');
  process.stdout.write(`${passed} passed, ${failed} failed${skipped.length > 0 && !inCi ? `, ${skipped.length} skipped` : ''}\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
