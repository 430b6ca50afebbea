import { describe, expect, it } from 'vitest';
import { fails, failsForGood, holds } from '../../../src/engine/finding.ts';
import type { Finding } from '../../../src/engine/finding.ts';
import { untilHolds } from '../../../src/procedures/running/until.ts';
import { fakeClock } from '../../fakes/clock.ts';

const patience = { limitMs: 60_000, intervalMs: 500 };

/** Waits while these are the answers, the last one for ever; gives what came and the milliseconds that passed. */
async function waited(...answers: readonly [Finding, ...Finding[]]) {
  const clock = fakeClock();
  const began = clock.now().getTime();
  const left = [...answers];
  const finding = await untilHolds(clock, patience, async () => (left.length > 1 ? left.shift() : left[0]) ?? answers[0]);
  return { finding, tookMs: clock.now().getTime() - began };
}

describe('waiting until something holds', () => {
  it('ends when it does', async () => {
    expect(await waited(fails('not yet'), holds('now'))).toEqual({ finding: holds('now'), tookMs: 500 });
  });

  it('ends at the limit with the last reason', async () => {
    expect(await waited(fails('not yet'), fails('still not'))).toEqual({ finding: fails('still not'), tookMs: 60_000 });
  });

  it('ends at once when it never will', async () => {
    expect(await waited(fails('not yet'), failsForGood('it has failed'))).toEqual({ finding: failsForGood('it has failed'), tookMs: 500 });
  });
});
