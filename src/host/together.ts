/** Sends what is asked of a host at one moment, and only looks, as one request: a request costs a round trip, and its parts rest on one moment. */
import { z } from 'zod';
import type { OpsError } from '../errors.ts';
import { programFailure, unknownAnswer } from './failures.ts';
import { Failure } from './protocol.ts';
import { argumentsOf } from './request.ts';
import type { HostAnswer, HostRequest } from './request.ts';

/** What the program takes in one request. */
const together = 16;
const looks: ReadonlySet<HostRequest['verb']> = new Set(['look', 'database', 'plan', 'settings-before', 'reach', 'v2-inspect']);

const Answers = z.object({
  answers: z.array(z.union([z.object({ error: Failure }), z.object({ done: z.unknown() })])).max(together),
});

interface Waiting {
  readonly request: HostRequest;
  readonly resolve: (answer: HostAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @param ask asks one request alone
 * @returns the same, for whoever asks: looks wait for those that are asked until the next macrotask; all else goes at once
 */
export function askTogether(
  where: string,
  ask: (request: HostRequest) => Promise<HostAnswer>,
): (request: HostRequest) => Promise<HostAnswer> {
  let waiting: Waiting[] = [];
  const send = () => {
    const all = waiting;
    waiting = [];
    for (let at = 0; at < all.length; at += together) void sendAll(where, ask, all.slice(at, at + together));
  };
  return async (request) => {
    if (!looks.has(request.verb) || request.take !== undefined) return await ask(request);
    return await new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(send);
      waiting.push({ request, resolve, reject });
    });
  };
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
    for (const [index, { request, resolve, reject }] of all.entries()) {
      const each = parsed.data.answers[index];
      if (each !== undefined && 'error' in each) reject(failureOf(where, request, each.error));
      else resolve({ ...answer, done: each?.done });
    }
  } catch (error) {
    for (const { reject } of all) reject(error);
  }
}

function partOf(request: HostRequest): Readonly<Record<string, unknown>> {
  const { verb, run } = request;
  return { verb, arguments: argumentsOf(request), ...(run !== undefined && { run }) };
}

function failureOf(where: string, { what }: HostRequest, failure: z.infer<typeof Failure>): OpsError {
  return programFailure({ where, what }, failure);
}
