/** The suites of tests: by the ending of the file's name, and by what each needs of the machine. */
import { defineConfig } from 'vitest/config';

const special = ['redis', 'slack', 'lab', 'e2e', 'faults'];
const withHosts = ['lab', 'e2e', 'faults'];

/** Files at a time on two cores: with more, hosts are too slow on some machines for looks of two seconds. Each file has labs of its own names. */
const filesWithHosts = 2;
/** `npm run test:faults` measures how long a take-up takes, so its hosts must not starve each other. */
const filesWithFaults = 2;

interface Limits {
  /** A test and a hook may take this long. */
  readonly timeoutMs: number;
  readonly hookTimeoutMs: number;
}

function suite(name: string, { timeoutMs, hookTimeoutMs }: Limits) {
  const isUnit = name === 'unit';
  return {
    test: {
      name,
      include: [isUnit ? 'test/**/*.test.ts' : `test/**/*.${name}.test.ts`],
      exclude: isUnit ? special.map((ending) => `test/**/*.${ending}.test.ts`) : [],
      tags: [{ name: 'long', description: 'run by `npm run test:faults`; `npm test` leaves it out to stay under twenty minutes' }],
      testTimeout: timeoutMs,
      hookTimeout: hookTimeoutMs,
      maxWorkers: name === 'faults' ? filesWithFaults : withHosts.includes(name) ? filesWithHosts : 2,
      // What needs no hosts first, so that hosts that boot do not starve a test that measures time.
      sequence: { groupOrder: withHosts.includes(name) ? 1 : 0 },
    },
  };
}

export default defineConfig({
  test: {
    reporters: process.env['TEST_SUMMARY_FILE'] === undefined ? ['default'] : ['default', './scripts/summary-reporter.mjs'],
    projects: [
      suite('unit', { timeoutMs: 60_000, hookTimeoutMs: 60_000 }),
      suite('redis', { timeoutMs: 60_000, hookTimeoutMs: 60_000 }),
      suite('slack', { timeoutMs: 60_000, hookTimeoutMs: 60_000 }),
      // The first hook of all may have to make the lab's image.
      suite('lab', { timeoutMs: 240_000, hookTimeoutMs: 600_000 }),
      suite('e2e', { timeoutMs: 480_000, hookTimeoutMs: 600_000 }),
      // Not part of `npm test`: scripts/suites.mjs.
      suite('faults', { timeoutMs: 600_000, hookTimeoutMs: 600_000 }),
    ],
  },
});
