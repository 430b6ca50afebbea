/** When a process had children. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { coveredMs } from './intervals.ts';
import { watchChildren } from './watch.ts';

const childMs = 300;

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

    expect(coveredMs(seen, { from, to })).toBeGreaterThanOrEqual(childMs / 2);
    expect(coveredMs(seen, { from: begin - 1_000, to: begin })).toBe(0);
  });
});
