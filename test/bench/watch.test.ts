/** When a process had children. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { coveredMs } from './intervals.ts';
import { watchChildren } from './watch.ts';

/** So much longer than is demanded because a busy machine may look late. */
const childMs = 1_500;
const seenMs = 150;

// The kernel says it in /proc.
describe.skipIf(process.platform !== 'linux')('watchChildren', () => {
  it('sees as long as a child lives, and nothing before and after', async () => {
    const watch = watchChildren(process.pid);
    const begin = Date.now();
    await execa('true');
    const from = Date.now();
    await execa('sleep', [String(childMs / 1_000)]);
    const to = Date.now();

    const seen = await watch.stop();

    expect(coveredMs(seen, { from, to })).toBeGreaterThanOrEqual(seenMs);
    expect(coveredMs(seen, { from: begin - 1_000, to: begin })).toBe(0);
  });
});
