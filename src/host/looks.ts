/** Looks at a host: those of one moment are one request, and none is remembered. */
import type { RunId } from '../ids.ts';
import { unknownAnswer } from './failures.ts';
import { argumentsOf } from './request.ts';
import type { HostAnswer, HostRequest } from './request.ts';
import type { HostClient } from './host-client.ts';
import { lookAfterActMs, lookLimitMs } from './limits.ts';
import { Look } from './look.ts';

/** What a look is to have beside what is always in it. */
export interface Wanted {
  readonly runs?: readonly RunId[];
  /** Bytes of directories. */
  readonly sizes?: boolean;
  readonly tools?: boolean;
  readonly certificates?: boolean;
}

/** A look, and when it was asked for and answered by the bot's clock. */
export interface Seen extends Look {
  /** sha256 of the program that answered. */
  readonly program: string;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** One look, as it is asked for. */
export function lookRequest({ runs = [], ...wanted }: Wanted): HostRequest {
  const flags = (['sizes', 'tools', 'certificates'] as const).filter((flag) => wanted[flag] === true);
  return {
    verb: 'look',
    what: 'look',
    limitMs: lookLimitMs,
    arguments: { ...(runs.length > 0 && { runs }), ...Object.fromEntries(flags.map((flag) => [flag, true])) },
  };
}

/** The looks at one host. */
export interface Looks {
  /** What was seen a moment ago, as far as nothing was done here since; else a look. For what an act goes by, and does not rest on: the host looks itself. */
  lately(wanted?: Wanted): Promise<Seen>;
  /** All that is asked until it is sent is one look, whatever each of them wants. @throws OpsError HOST_* */
  at(wanted?: Wanted): Promise<Seen>;
  /** Around everything that changes something: what was seen before says nothing any more. @param act gives the look that came with its answer */
  during<Result extends { readonly seen: Seen }>(act: () => Promise<Result>): Promise<Result>;
}

/** @param monotonicMs a clock that nobody sets */
export function createLooks(client: HostClient, monotonicMs: () => number): Looks {
  let collecting: { wants: Wanted[]; look: Promise<Seen> } | undefined;
  let acting = 0;
  let afterAct: { readonly seen: Seen; readonly atMs: number } | undefined;
  let last: { readonly seen: Seen; readonly atMs: number } | undefined;

  const ask = async (wants: readonly Wanted[]): Promise<Seen> => {
    const answer = await client.ask({
      ...lookRequest({}),
      arguments: () => {
        // It is sent now: who wants something from here on gets a look of their own.
        collecting = undefined;
        return argumentsOf(lookRequest(all(wants)));
      },
    });
    const seen = seenOf(client.where, answer.done, answer);
    if (acting === 0) last = { seen, atMs: monotonicMs() };
    return seen;
  };

  return {
    async lately(wanted = {}) {
      if (last !== undefined && monotonicMs() - last.atMs < lookAfterActMs && has(last.seen, wanted)) return last.seen;
      return await this.at(wanted);
    },
    async at(wanted = {}) {
      // Nothing else is ever remembered, however often a procedure asks: each step rests on what it sees itself. This one look was made under
      // the very lock of the act, and saves the question that follows every act (is it done, and in what state is the unit now).
      if (afterAct !== undefined && monotonicMs() - afterAct.atMs < lookAfterActMs && has(afterAct.seen, wanted)) return afterAct.seen;
      afterAct = undefined;
      if (collecting === undefined) {
        const wants: Wanted[] = [];
        collecting = { wants, look: ask(wants) };
      }
      collecting.wants.push(wanted);
      return await collecting.look;
    },
    async during(act) {
      acting += 1;
      afterAct = undefined;
      last = undefined;
      try {
        const result = await act();
        // Where another act is under way already, this look is of before it.
        if (acting === 1) afterAct = { seen: result.seen, atMs: monotonicMs() };
        return result;
      } finally {
        acting -= 1;
      }
    },
  };
}

/** Whatever any of them wants. */
function all(wants: readonly Wanted[]): Wanted {
  const any = (flag: 'sizes' | 'tools' | 'certificates') => wants.some((wanted) => wanted[flag] === true);
  const runs = [...new Set(wants.flatMap(({ runs = [] }) => runs))];
  return { runs, sizes: any('sizes'), tools: any('tools'), certificates: any('certificates') };
}

/** Sizes are never in it: that of a directory is not told from one that was not counted. */
function has(seen: Look, { runs = [], sizes = false, tools = false, certificates = false }: Wanted): boolean {
  if (sizes || (tools && seen.tools === undefined) || (certificates && seen.certificates === undefined)) return false;
  return runs.every((run) => seen.place.runs.has(run));
}

/** @throws OpsError HOST_OUTPUT_UNKNOWN */
export function seenOf(where: string, value: unknown, answer: Pick<HostAnswer, 'program' | 'sentAtMs' | 'answeredAtMs'>): Seen {
  const parsed = Look.safeParse(value);
  const { program, sentAtMs, answeredAtMs } = answer;
  if (parsed.success) return { ...parsed.data, program, sentAtMs, answeredAtMs };
  const [issue] = parsed.error.issues;
  throw unknownAnswer({ where, what: 'look' }, `${issue?.path.join('.') ?? 'it'} is not what it should be`);
}
