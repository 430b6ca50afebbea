import { describe, expect, it } from 'vitest';
import { advance } from '../../src/engine/advance.ts';
import { fails, holds, failsForGood } from '../../src/engine/finding.ts';
import type { Decision } from '../../src/engine/journal.ts';
import { change, check, destroy } from '../../src/engine/step.ts';
import { OpsError } from '../../src/errors.ts';
import { alice, engine } from './engine.ts';

const plan = async () => [{ on: 'etcd01', argv: ['touch', 'x'] }];

/** A run that is to delete something, which is never done unless said otherwise. */
const deleting = (body: Partial<Parameters<typeof destroy>[2]> = {}) =>
  engine([
    destroy('purge', 'Delete it', {
      plan,
      loses: 'it',
      blastRadius: 'general',
      requires: async () => holds(),
      facts: async () => ({}),
      run: async () => undefined,
      verify: async () => fails('it is there'),
      ...body,
    }),
  ]);

describe('advance', () => {
  it('ends a run that cannot be prepared, saying that nothing was changed', async () => {
    const run = engine([], {
      script: {
        prepare: () => Promise.reject(new OpsError('SNAPSHOT_NOT_FOUND', 'There is no snapshot.')),
        steps: () => [],
        conclude: async () => '',
        abandon: async () => '',
      },
    });

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'failed' });
    expect(run.view().conclusion).toBe('There is no snapshot. `backups` lists the snapshots there are. Nothing was changed.');
  });

  it('skips a change that is true already, and says so', async () => {
    let ran = false;
    const run = engine([change('a', 'A', { plan, run: async () => void (ran = true), verify: async () => holds('it is there') })]);

    await run.once();

    expect(ran).toBe(false);
    expect(run.view().steps).toMatchObject([{ state: 'already-true', note: 'it is there' }]);
  });

  it('fails a change that does not become true before its deadline', async () => {
    const run = engine([
      change('a', 'A', { plan, run: async () => undefined, verify: async () => fails('no leader yet.'), deadlineMs: 3_000 }),
    ]);

    const came = await run.once();

    expect(came).toMatchObject({
      state: 'waiting',
      gate: { kind: 'failure', reason: 'It was done, but 3 s later this still does not hold: no leader yet.' },
    });
  });

  it.each([100, 1_000, 3_000, 60_000])(
    'sees what becomes true after %d ms soon after that, without asking all the time',
    async (afterMs) => {
      const at: number[] = [];
      const verify = async () => {
        at.push(run.clock.now().getTime());
        // The first is before the act.
        const [, begun] = at;
        return begun !== undefined && (at.at(-1) ?? 0) - begun >= afterMs ? holds() : fails('not yet');
      };
      const run = engine([change('a', 'A', { plan, run: async () => undefined, verify, deadlineMs: 180_000 })]);

      await run.once();

      const [, begun = 0, ...looks] = at;
      const gaps = looks.map((time, index) => time - (looks[index - 1] ?? begun));
      expect(run.view().steps).toMatchObject([{ state: 'done' }]);
      expect((looks.at(-1) ?? 0) - begun - afterMs).toBeLessThanOrEqual(Math.min(Math.max(afterMs / 8, 50), 500));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(500);
    },
  );

  it('does not wait for what will not become true by waiting', async () => {
    let looks = 0;
    const verify = async () => {
      looks += 1;
      return looks === 1 ? fails('not yet') : failsForGood('the unit has failed.');
    };
    const run = engine([change('a', 'A', { plan, run: async () => undefined, verify, deadlineMs: 180_000 })]);

    const came = await run.once();

    expect(came).toMatchObject({ gate: { kind: 'failure', reason: 'It was done, but this does not hold: the unit has failed.' } });
    expect(looks).toBe(2);
  });

  it('waits through looks that cannot be taken yet', async () => {
    let looks = 0;
    const verify = async () => {
      looks += 1;
      if (looks === 1) return fails('not there');
      if (looks < 4) throw new OpsError('HOST_UNREACHABLE', 'etcd01 does not answer.');
      return holds();
    };
    const run = engine([change('a', 'A', { plan, run: async () => undefined, verify })]);

    expect(await run.once()).toEqual({ state: 'ended', outcome: 'completed' });
  });

  it('calls an error of its own by its name and stops there', async () => {
    const run = engine([check('a', 'A', () => Promise.reject(new TypeError('x is undefined')))]);

    const came = await run.once();

    expect(came).toMatchObject({ state: 'waiting', gate: { reason: 'etcd-medic met an error of its own: x is undefined' } });
  });

  it('records commands in the step they belong to, and repeated looks once', async () => {
    const run = engine([
      check('a', 'A', async () => {
        const look = {
          on: 'etcd01',
          argv: ['stat', 'x'],
          changes: false,
          exitCode: 0,
          durationMs: 1,
          output: '',
          outputBytes: 0,
          outputSha256: 'e3',
        };
        run.commands.record(look);
        run.commands.record(look);
        return holds();
      }),
    ]);

    await run.once();

    expect(run.entries.map(({ type }) => type)).toEqual(['run-prepared', 'step-started', 'command', 'step-settled', 'run-ended']);
  });

  it('aborts between steps, and says what was done and what was not', async () => {
    let done = false;
    const abort: Decision = { verdict: 'abort', by: alice, at: '2026-11-22T03:00:00.000Z' };
    const run = engine(
      [
        change('a', 'A', { plan, run: async () => void (done = true), verify: async () => (done ? holds() : fails('no')) }),
        change('b', 'B', { plan, run: async () => undefined, verify: async () => fails('no') }),
      ],
      { abortRequested: async () => (done ? abort : undefined) },
    );

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'aborted' });
    expect(run.view().conclusion).toBe('Done: a. Not done: b.');
  });

  it('lets go between steps when its worker must stop, and goes on elsewhere', async () => {
    const stop = new AbortController();
    const run = engine([check('a', 'A', async () => (stop.abort(), holds())), check('b', 'B', async () => holds())], {
      signal: stop.signal,
    });

    const first = await run.once();
    const second = await advance({ ...run.deps, signal: new AbortController().signal });

    expect(first).toEqual({ state: 'let-go' });
    expect(second).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.entries.filter((entry) => entry.type === 'step-settled')).toHaveLength(2);
  });

  it('does not carry on a run that cannot be recorded', async () => {
    let ran = false;
    const run = engine([change('a', 'A', { plan, run: async () => void (ran = true), verify: async () => fails('no') })]);
    const { journal } = run.deps;
    const broken = {
      ...journal,
      append: async (event: Parameters<typeof journal.append>[0]) =>
        event.type === 'step-started' ? Promise.reject(new OpsError('QUEUE_UNAVAILABLE', 'Redis is down.')) : journal.append(event),
    };

    await advance({
      ...run.deps,
      journal: {
        ...broken,
        append: (event) =>
          event.type === 'run-prepared' ? journal.append(event) : Promise.reject(new OpsError('QUEUE_UNAVAILABLE', 'Redis is down.')),
      },
    }).catch(() => undefined);

    expect(ran).toBe(false);
  });

  it('lets an optional destruction be declined, and completes', async () => {
    const run = deleting({ otherwise: 'It stays.' });
    await run.once();
    run.said.push({ verdict: 'reject', by: alice, at: run.clock.now().toISOString() });

    const came = await run.once();

    expect(came).toEqual({ state: 'ended', outcome: 'completed' });
    expect(run.view().steps).toMatchObject([{ state: 'declined', note: 'It stays.' }]);
  });

  it('looks at a destruction in one moment: when its card is made, and when it was approved; one that waits only at whether it is needed', async () => {
    const moments: string[][] = [];
    let done = false;
    let moment: string[] | undefined;
    const looks = async <T>(name: string, seen: () => T): Promise<T> => {
      if (moment === undefined) {
        moments.push((moment = []));
        setImmediate(() => (moment = undefined));
      }
      moment.push(name);
      // What is asked of a host takes longer than a turn of the loop.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return seen();
    };
    const run = deleting({
      plan: () => looks('plan', () => []),
      requires: () => looks('requires', () => holds()),
      facts: () => looks('facts', () => ({ there: String(done) })),
      run: async () => void (done = true),
      verify: () => looks('already', () => (done ? holds() : fails('it is there'))),
    });
    const all = ['already', 'facts', 'plan', 'requires'];
    const seen = async () => {
      moments.splice(0);
      await run.once();
      return moments.map((names) => names.toSorted());
    };

    expect(await seen()).toEqual([all]);
    expect(await seen()).toEqual([['already']]);
    run.say('approve');
    expect(await seen()).toEqual([all, ['already']]);
    expect(run.view().steps).toMatchObject([{ state: 'done' }]);
  });

  it('looks once more before it acts when asking who may approve has taken long', async () => {
    let quorum = false;
    let ran = false;
    const run = deleting({
      requires: async () => (quorum ? fails('it has quorum again.') : holds()),
      run: async () => void (ran = true),
    });
    Object.assign(run.deps.rules, {
      mayApprove: async () => {
        await run.clock.sleep(251);
        quorum = true;
        return true;
      },
    });
    await run.once();
    run.say('approve');

    const came = await run.once();

    expect([ran, came]).toMatchObject([false, { state: 'waiting', gate: { kind: 'failure', reason: 'it has quorum again.' } }]);
  });

  it('does not act on an approval beside which somebody has said no while it was looking', async () => {
    let ran = false;
    const run = deleting({
      run: async () => void (ran = true),
      verify: async () => {
        if (run.said.length === 1) run.say('reject', 'U0CAROL');
        return fails('it is there');
      },
    });
    await run.once();
    run.say('approve');

    const came = await run.once();

    expect([ran, came]).toMatchObject([false, { state: 'ended', outcome: 'rejected' }]);
  });
});
