/** When a lock counts as lost, and when not yet. */
import { describe, expect, it } from 'vitest';
import { keepLock } from '../../src/queue/lock.ts';
import { fakeClock } from '../fakes/clock.ts';
import { silent } from './bench.ts';
import { until } from './until.ts';

const lockDurationMs = 30_000;

/** A job whose lock is asked for, once for each answer; the last one is given from then on. */
function jobThat(...answers: readonly (0 | 1 | Error)[]) {
  const asked: string[] = [];
  const extendLock = async (token: string, durationMs: number): Promise<number> => {
    asked.push(`${token} ${durationMs}`);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? 0;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { job: { id: 'a-run', extendLock }, asked };
}

describe('keepLock', () => {
  it('says once that the lock is lost, and asks no more', async () => {
    const clock = fakeClock();
    const { job, asked } = jobThat(1, 0);
    let losses = 0;

    keepLock({ clock, log: silent, lockDurationMs }, { job, token: 'ours' }, () => (losses += 1));
    await until('it is lost', () => losses > 0);
    const at = clock.now();
    await clock.sleep(0);
    await clock.sleep(0);

    expect({ losses, asked, at: clock.now() }).toEqual({ losses: 1, asked: ['ours 30000', 'ours 30000'], at });
  });

  it('does not take a Redis that fails to answer for a loss', async () => {
    const clock = fakeClock();
    const { job, asked } = jobThat(new Error('Connection is closed.'), 1, 0);
    let lostAfter = 0;

    keepLock({ clock, log: silent, lockDurationMs }, { job, token: 'ours' }, () => (lostAfter = asked.length));
    await until('it is lost', () => lostAfter > 0);

    expect(lostAfter).toBe(3);
  });

  it('is asked for several times while one lock lasts, until it is stopped', async () => {
    const clock = fakeClock();
    const start = clock.now().getTime();
    const { job, asked } = jobThat(1);
    let isLost = false;

    const stop = keepLock({ clock, log: silent, lockDurationMs }, { job, token: 'ours' }, () => (isLost = true));
    await until('it was asked three times', () => asked.length >= 3);
    const tookMs = clock.now().getTime() - start;
    stop();
    const count = asked.length;
    await clock.sleep(0);
    await clock.sleep(0);

    expect(tookMs / count).toBeLessThan(lockDurationMs / 2);
    expect({ isLost, count: asked.length }).toEqual({ isLost: false, count });
  });
});
