/** Sends what is asked of a host at one moment, and only looks, as one request: a request costs a round trip, and its parts rest on one moment. */
import { z } from 'zod';
import { programFailure, unknownAnswer } from './failures.ts';
import { lookAfterActMs } from './limits.ts';
import { Failure } from './protocol.ts';
import { argumentsOf, partOf } from './request.ts';
import type { HostAnswer, HostRequest } from './request.ts';

/** What the program takes in one request. */
const together = 16;
const looks: ReadonlySet<HostRequest['verb']> = new Set(['look', 'database', 'plan', 'settings-before', 'reach', 'v2-inspect']);

const Part = z.union([z.object({ error: Failure }), z.object({ done: z.unknown() })]);
const Answers = z.object({ answers: z.array(Part).max(together) });
/** Left out by a host where the line would have become too long. */
const After = z.object({ after: z.array(Part).max(together) });

interface Waiting {
  readonly request: HostRequest;
  readonly resolve: (answer: HostAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @param ask asks one request alone
 * @param monotonicMs a clock that nobody sets
 * @returns the same, for whoever asks: looks wait for those that are asked until the next macrotask; all else goes at once. A look that an act has
 * brought the answer of is not asked, once, and not for long.
 */
export function askTogether(
  where: string,
  ask: (request: HostRequest) => Promise<HostAnswer>,
  monotonicMs: () => number,
): (request: HostRequest) => Promise<HostAnswer> {
  let waiting: Waiting[] = [];
  const foreseen = createForeseen(where, monotonicMs);
  const send = () => {
    const all = waiting.filter((one) => !foreseen.answers(one));
    waiting = [];
    for (let at = 0; at < all.length; at += together) void sendAll(where, ask, all.slice(at, at + together));
  };
  return async (request) => {
    if (request.verb === 'do') return await foreseen.during(request, ask);
    if (!looks.has(request.verb) || request.take !== undefined) return await ask(request);
    return await new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(send);
      waiting.push({ request, resolve, reject });
    });
  };
}

const keyOf = (request: HostRequest) => JSON.stringify(partOf(request));

/** The answers that came with that of an act. */
function createForeseen(where: string, monotonicMs: () => number) {
  let acts = 0;
  const known = new Map<string, { readonly answer: HostAnswer; readonly part: z.infer<typeof Part>; readonly atMs: number }>();
  return {
    /** Answers it if it can. */
    answers(one: Waiting): boolean {
      if (known.size === 0) return false;
      const key = keyOf(one.request);
      const found = known.get(key);
      if (found === undefined || monotonicMs() - found.atMs >= lookAfterActMs) return false;
      known.delete(key);
      settle(where, one, found.part, found.answer);
      return true;
    },
    async during(request: HostRequest, ask: (request: HostRequest) => Promise<HostAnswer>): Promise<HostAnswer> {
      known.clear();
      acts += 1;
      const act = acts;
      const { after = [] } = request;
      if (after.length === 0) return await ask(request);
      const answer = await ask({
        ...request,
        limitMs: request.limitMs + after.reduce((sum, { limitMs }) => sum + limitMs, 0),
        arguments: () => ({ ...argumentsOf(request), after: after.map(partOf) }),
      });
      const parsed = After.safeParse(answer.done);
      // Those of before another act say nothing any more.
      if (act === acts && parsed.success && parsed.data.after.length === after.length)
        for (const [index, one] of after.entries()) {
          const part = parsed.data.after[index];
          if (part !== undefined) known.set(keyOf(one), { answer, part, atMs: monotonicMs() });
        }
      return answer;
    },
  };
}

function settle(where: string, { request, resolve, reject }: Waiting, part: z.infer<typeof Part>, answer: HostAnswer): void {
  if ('error' in part) reject(programFailure({ where, what: request.what }, part.error));
  else resolve({ ...answer, done: part.done });
}

async function sendAll(where: string, ask: (request: HostRequest) => Promise<HostAnswer>, all: readonly Waiting[]): Promise<void> {
  try {
    const [only] = all;
    if (only !== undefined && all.length === 1) return only.resolve(await ask(only.request));
    const answer = await ask({
      verb: 'several',
      what: all.map(({ request }) => request.what).join(', '),
      limitMs: all.reduce((sum, { request }) => sum + request.limitMs, 0),
      arguments: () => ({ requests: all.map(({ request }) => partOf(request)) }),
    });
    const parsed = Answers.safeParse(answer.done);
    if (!parsed.success || parsed.data.answers.length !== all.length)
      throw unknownAnswer({ where, what: 'several' }, 'it has another number of answers than was asked for');
    for (const [index, one] of all.entries()) settle(where, one, parsed.data.answers[index] ?? { done: undefined }, answer);
  } catch (error) {
    for (const { reject } of all) reject(error);
  }
}
