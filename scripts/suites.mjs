/** The suites of tests, and what each needs of the machine. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './node-modules.mjs';

/** What `npm test` runs: suites by the names of their projects in vitest.config.ts, and which of their tests by tag. */
export const ordinaryRuns = [{ suites: ['unit', 'redis', 'slack', 'lab', 'e2e'], tags: '!long' }];
/** What `npm run test:faults` runs, which takes longer than a person waits: faults done to real hosts, then what `npm test` leaves out. */
export const longRuns = [{ suites: ['faults'] }, { suites: ['unit', 'lab', 'e2e'], tags: 'long' }];

const all = [lab, redis, localSlack];
const needs = { unit: [], redis: [redis], slack: [localSlack, redis], lab: [lab], e2e: all, faults: all };

/** Why a suite cannot run here, as a sentence; undefined when it can. */
export function whyNot(suite, labPackages) {
  for (const need of needs[suite]) {
    const reason = need(labPackages);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function redis() {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')));
  return found ? undefined : 'redis-server is not installed (Debian package redis-server)';
}

function localSlack() {
  const name = `local-slack-${process.platform}-${process.arch}`;
  return existsSync(join(root, 'node_modules', name, 'bin', 'local-slack'))
    ? undefined
    : `there is no ${name}: local-slack runs on Linux x64 only`;
}

function lab(labPackages) {
  if (process.platform !== 'linux') return 'the lab boots real hosts with systemd-nspawn, which needs Linux';
  if (process.getuid() !== 0) return 'the lab boots real hosts, which needs root: run `sudo npm test`';
  if (!mayMount()) return 'the lab boots real hosts, which root may not do in this container (no CAP_SYS_ADMIN)';
  const missing = Object.keys(labPackages).filter((name) => !existsSync(labPackages[name]));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(' ')}`;
}

// Bit 21 of the effective capabilities is CAP_SYS_ADMIN, see capabilities(7).
function mayMount() {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n;
}
