/** A role that cannot start is tried again, ever more slowly; a process that stops does not wait for it. */
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { aborted, keepTrying, pauseMs } from '../../src/wiring/keep-trying.ts';
import { fakeClock } from '../fakes/clock.ts';
import { silent } from '../queue/bench.ts';

const away = () => new OpsError('SLACK_UNREACHABLE', 'Slack did not answer.');

/** Fails as often as told, then is up until it is stopped. */
function role(failures: number, error: () => unknown = away) {
  const clock = fakeClock();
  const startedAt = clock.now().getTime();
  const attemptsAt: number[] = [];
  const kept = keepTrying({
    name: 'bot',
    clock,
    log: silent,
    attempt: async (up, signal) => {
      attemptsAt.push((clock.now().getTime() - startedAt) / 1_000);
      if (attemptsAt.length <= failures) throw error();
      up();
      await aborted(signal);
    },
  });
  return { kept, attemptsAt, clock };
}

describe('a role that cannot start', () => {
  it('is tried again after one second, two, four and so on, and at least once a minute', async () => {
    const { kept, attemptsAt } = role(9);

    await kept.up;

    expect(attemptsAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(kept.whyNot()).toBeUndefined();
    await kept.stop();
  });

  it('says why, with what to do', async () => {
    const { kept } = role(Number.POSITIVE_INFINITY);
    await new Promise((resolve) => setImmediate(resolve));

    expect(kept.whyNot()).toMatch(/^Slack did not answer\. Slack does not answer; .*The terminal works meanwhile\.$/);
    await kept.stop();
  });

  it('is stopped while it is tried', async () => {
    const { kept, attemptsAt } = role(Number.POSITIVE_INFINITY);

    await kept.stop();

    const { length } = attemptsAt;
    await new Promise((resolve) => setImmediate(resolve));
    expect(attemptsAt).toHaveLength(length);
  });

  it('stops what is up', async () => {
    const { kept } = role(0);
    await kept.up;

    await expect(kept.stop()).resolves.toBeUndefined();
  });

  it('ends no process by what it throws, whatever that is', async () => {
    const { kept } = role(2, () => 'not even an error');

    await expect(kept.up).resolves.toBeUndefined();
    await kept.stop();
  });
});

describe('a role that breaks down again and again', () => {
  /** @returns the seconds between one breakdown and the next attempt */
  async function pauses(upForMs: number): Promise<readonly number[]> {
    const clock = fakeClock();
    const between: number[] = [];
    let brokeAt: number | undefined;
    const done = Promise.withResolvers<void>();
    const kept = keepTrying({
      name: 'bot',
      clock,
      log: silent,
      attempt: async (up) => {
        if (brokeAt !== undefined) between.push((clock.now().getTime() - brokeAt) / 1_000);
        if (between.length === 4) done.resolve();
        up();
        clock.pass(upForMs);
        brokeAt = clock.now().getTime();
        throw away();
      },
    });
    await done.promise;
    await kept.stop();
    return between.slice(0, 4);
  }

  it('is made ever more slowly', async () => {
    expect(await pauses(100)).toEqual([1, 2, 4, 8]);
  });

  it('is made at once when it had held for a minute', async () => {
    expect(await pauses(60_000)).toEqual([1, 1, 1, 1]);
  });
});

describe('the pause', () => {
  it('is a minute when Slack does not know the token', () => {
    expect(pauseMs(new OpsError('SLACK_TOKEN_REFUSED', 'Slack does not take it.'), 1)).toBe(60_000);
  });

  it('is at least as long as Slack asks for', () => {
    const limited = new OpsError('SLACK_RATE_LIMITED', 'Slack asks to wait.', { details: { retryAfterMs: 30_000 } });

    expect([pauseMs(limited, 1), pauseMs(limited, 7)]).toEqual([30_000, 60_000]);
  });
});
