/** What is asked of a host at one moment. */
import { describe, expect, it } from 'vitest';
import { isOpsError } from '../../src/errors.ts';
import { askTogether } from '../../src/host/together.ts';
import type { HostRequest } from '../../src/host/request.ts';

const request = (verb: HostRequest['verb'], more: Partial<HostRequest> = {}): HostRequest => ({
  verb,
  what: verb,
  limitMs: 1_000,
  arguments: {},
  ...more,
});

/** Answers whatever is asked by what `answer` makes of it, and keeps what came. */
const host = (answer: (asked: HostRequest) => unknown) => {
  const time = { nowMs: 1_000 };
  const came: { readonly verb: string; readonly arguments: unknown; readonly limitMs: number }[] = [];
  const ask = askTogether(
    'etcd01 (10.0.0.31)',
    async (asked) => {
      const given = typeof asked.arguments === 'function' ? asked.arguments() : asked.arguments;
      came.push({ verb: asked.verb, arguments: given, limitMs: asked.limitMs });
      return { done: answer(asked), sentAtMs: 0, answeredAtMs: 1, program: '' };
    },
    () => time.nowMs,
  );
  return { ask, came, time };
};

describe('what is asked of a host at one moment', () => {
  it('is one request when it only looks, each answered as if it had come alone', async () => {
    const h = host(() => ({ answers: [{ done: 'a' }, { done: null }, { done: { plans: [] } }] }));

    const answers = await Promise.all([h.ask(request('look')), h.ask(request('database')), h.ask(request('plan'))]);

    expect(answers.map(({ done }) => done)).toEqual(['a', null, { plans: [] }]);
    expect(h.came).toEqual([
      {
        verb: 'several',
        limitMs: 3_000,
        arguments: { requests: ['look', 'database', 'plan'].map((verb) => ({ verb, arguments: {} })) },
      },
    ]);
  });

  it('is refused one by one', async () => {
    const h = host(() => ({ answers: [{ done: 'a' }, { error: { code: 'HOST_TOOL_MISSING', message: 'No etcdctl.' } }] }));

    const [look, database] = await Promise.allSettled([h.ask(request('look')), h.ask(request('database'))]);

    expect(look).toMatchObject({ status: 'fulfilled', value: { done: 'a' } });
    expect(database.status === 'rejected' && isOpsError(database.reason, 'HOST_TOOL_MISSING')).toBe(true);
  });

  it('fails as a whole when the host answers less than it was asked', async () => {
    const h = host(() => ({ answers: [{ done: 'a' }] }));

    const both = await Promise.allSettled([h.ask(request('look')), h.ask(request('reach'))]);

    for (const one of both) expect(one.status === 'rejected' && isOpsError(one.reason, 'HOST_OUTPUT_UNKNOWN')).toBe(true);
  });

  it('goes alone when it is alone, and when it changes something or takes bytes', async () => {
    const h = host(() => 'x');
    const take = { begin: async () => 0, chunk: async () => undefined };

    await h.ask(request('look'));
    await Promise.all([h.ask(request('do')), h.ask(request('fetch', { take })), h.ask(request('look'))]);

    expect(h.came.map(({ verb }) => verb)).toEqual(['look', 'do', 'fetch', 'look']);
  });

  it('is at most sixteen in one request', async () => {
    const h = host((asked) => ({
      answers: (typeof asked.arguments === 'function' ? (asked.arguments()['requests'] as unknown[]) : []).map(() => ({ done: 1 })),
    }));

    await Promise.all(Array.from({ length: 20 }, () => h.ask(request('look'))));

    expect(h.came.map(({ arguments: given }) => (given as { requests: unknown[] }).requests.length)).toEqual([16, 4]);
  });

  describe('foreseen by an act', () => {
    const plan = request('plan', { arguments: { acts: [{ act: 'unmask-start' }] } });
    const after = [plan, request('database', { arguments: { of: 'data' } })];
    const act = request('do', { arguments: { act: { act: 'swap' } }, after });
    const answered = (answers: readonly unknown[]) => host(({ verb }) => (verb === 'do' ? { result: null, after: answers } : 'asked'));

    it('comes with the act’s own answer, and is asked no more, once', async () => {
      const h = answered([{ done: 'planned' }, { error: { code: 'HOST_TOOL_MISSING', message: 'No etcdctl.' } }]);
      await h.ask(act);

      const [first, second] = await Promise.allSettled([h.ask(plan), h.ask(request('database', { arguments: { of: 'data' } }))]);
      const again = await h.ask(plan);

      expect(first).toMatchObject({ status: 'fulfilled', value: { done: 'planned' } });
      expect(second.status === 'rejected' && isOpsError(second.reason, 'HOST_TOOL_MISSING')).toBe(true);
      expect(again.done).toBe('asked');
      expect(h.came).toEqual([
        {
          verb: 'do',
          limitMs: 3_000,
          arguments: { act: { act: 'swap' }, after: after.map(({ verb, arguments: given }) => ({ verb, arguments: given })) },
        },
        { verb: 'plan', limitMs: 1_000, arguments: plan.arguments },
      ]);
    });

    it('is asked when it is something else, too late, or of before another act', async () => {
      const h = answered([{ done: 'planned' }, { done: null }]);
      const asks = async (one: HostRequest) => (await h.ask(one)).done;

      await h.ask(act);
      expect(await asks(request('plan', { arguments: { acts: [] } }))).toBe('asked');
      h.time.nowMs += 250;
      expect(await asks(plan)).toBe('asked');
      await h.ask(act);
      await h.ask(request('do'));
      expect(await asks(plan)).toBe('asked');
      // Asked for before the first has answered, the second is done after it.
      await Promise.all([h.ask(act), h.ask(request('do'))]);
      expect(await asks(plan)).toBe('asked');
    });

    it('is asked when the host has left it out', async () => {
      const h = answered([]);
      await h.ask(act);

      expect((await h.ask(plan)).done).toBe('asked');
    });
  });
});
