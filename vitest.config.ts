/** The suites of tests: by the ending of the file's name, and by what each needs of the machine. */
import { defineConfig } from 'vitest/config';

const special = ['redis', 'slack', 'lab', 'e2e'];

interface Limits {
  /** A test and a hook may take this long. */
  readonly timeoutMs: number;
  readonly hookTimeoutMs: number;
  /** Files at a time; two cores are what is counted on. */
  readonly workers: number;
}

function suite(name: string, { timeoutMs, hookTimeoutMs, workers }: Limits) {
  const isUnit = name === 'unit';
  return {
    test: {
      name,
      include: [isUnit ? 'test/**/*.test.ts' : `test/**/*.${name}.test.ts`],
      exclude: isUnit ? special.map((ending) => `test/**/*.${ending}.test.ts`) : [],
      testTimeout: timeoutMs,
      hookTimeout: hookTimeoutMs,
      maxWorkers: workers,
      // One suite after the other, so that hosts that boot do not starve a test that measures time.
      sequence: { groupOrder: isUnit ? 0 : special.indexOf(name) + 1 },
    },
  };
}

export default defineConfig({
  test: {
    reporters: process.env['TEST_SUMMARY_FILE'] === undefined ? ['default'] : ['default', './scripts/summary-reporter.mjs'],
    projects: [
      suite('unit', { timeoutMs: 10_000, hookTimeoutMs: 10_000, workers: 2 }),
      suite('redis', { timeoutMs: 30_000, hookTimeoutMs: 30_000, workers: 2 }),
      suite('slack', { timeoutMs: 30_000, hookTimeoutMs: 30_000, workers: 2 }),
      // The first hook of all may have to make the lab's image.
      suite('lab', { timeoutMs: 120_000, hookTimeoutMs: 600_000, workers: 1 }),
      suite('e2e', { timeoutMs: 180_000, hookTimeoutMs: 600_000, workers: 1 }),
    ],
  },
});
