/** Sends one request to the right member: one that knows a leader, the leader itself, or exactly the one named. Says why there is none. */
import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { ClusterLook, EndpointLook, EndpointStatus } from './etcd.ts';
import { toOpsError } from './failure.ts';
import { isDeadline, isLeaderless, isNotLeader } from './grpc-error.ts';
import { look, lookAt, lookLimitMs, together } from './look.ts';
import type { Seen } from './look.ts';
import { inWords } from './in-words.ts';

/** How often a request for the leader follows a leadership that moves under it. */
const leaderAttempts = 3;

/** What asking needs. */
export interface AskDeps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}

/** What is asked. */
export interface Question<Result> {
  /** For messages: `put`, `removal of member 8e9e05c52164694d` … */
  readonly what: string;
  /** Of the whole, the search for the right member included. */
  readonly limitMs: number;
  /** It changes something: sent only when the run may still be carried on by this worker. */
  readonly changes?: true;
  /** What a person should do when nobody knows whether it took effect; absent for a question that changes nothing. */
  readonly whenUnknown?: string;
  request(client: Etcd3, options: CallOptions): Promise<Result>;
}

/**
 * Asks the first member that answers and knows a leader. Sent once: after a timeout nobody knows whether it took effect.
 * @throws OpsError ETCD_NO_QUORUM, ETCD_UNREACHABLE, ETCD_AUTH_FAILED, ETCD_TLS_FAILED, ETCD_REQUEST_FAILED
 */
export async function askServing<Result>(deps: AskDeps, question: Question<Result>): Promise<Result> {
  const began = deps.clock.now().getTime();
  const looks = deps.endpoints.map((endpoint) => lookAt(endpoint, deps.clock));
  const endpoint = await firstWithLeader(deps, looks);
  if (endpoint === undefined) throw whyNone(together(await Promise.all(looks)), question);
  return await ask(deps, endpoint, question, question.limitMs - (deps.clock.now().getTime() - began));
}

/**
 * Asks the leader, found by a look; looked for anew when it says that it no longer leads.
 * @throws as `askServing`; ETCD_UNREACHABLE when the leader is none of these members
 */
export async function askLeader<Result>(deps: AskDeps, question: Question<Result>): Promise<Result> {
  const began = deps.clock.now().getTime();
  for (let attempt = 1; ; attempt += 1) {
    const { endpoint } = await findLeader(deps, question);
    const leftMs = question.limitMs - (deps.clock.now().getTime() - began);
    let moved = false;
    const request: Question<Result>['request'] = async (client, options) => {
      try {
        return await question.request(client, options);
      } catch (error) {
        moved = isNotLeader(error);
        throw error;
      }
    };
    try {
      return await ask(deps, endpoint, { ...question, request }, leftMs);
    } catch (error) {
      if (!moved || attempt === leaderAttempts) throw error;
    }
  }
}

/** The member that leads, as a look at these members shows it. @throws as `askLeader` */
export async function findLeader(
  deps: AskDeps,
  question: Pick<Question<unknown>, 'what' | 'limitMs'>,
): Promise<{ readonly endpoint: Endpoint; readonly status: EndpointStatus; readonly seen: ClusterLook }> {
  const seen = await look(deps);
  for (const [index, one] of seen.endpoints.entries()) {
    const endpoint = deps.endpoints[index];
    if (endpoint !== undefined && one.answers && one.status.memberId === one.status.leader) return { endpoint, status: one.status, seen };
  }
  const named = seen.endpoints.flatMap((one) => (one.answers && one.status.leader !== undefined ? [one.status.leader] : []))[0];
  if (!seen.quorum.holds || named === undefined) throw whyNone(seen, question);
  throw new OpsError(
    'ETCD_UNREACHABLE',
    `The ${question.what} must be asked of the leader, ${named}, which is none of the members that answer.`,
  );
}

/** Asks exactly this member. @throws OpsError ETCD_* */
export async function askMember<Result>(endpoint: Endpoint, { what, limitMs, request }: Question<Result>): Promise<Result> {
  try {
    return await endpoint.call(limitMs, request);
  } catch (error) {
    throw await toOpsError(what, error, endpoint, limitMs);
  }
}

async function ask<Result>(deps: AskDeps, endpoint: Endpoint, question: Question<Result>, leftMs: number): Promise<Result> {
  if (question.changes === true) await endpoint.permit();
  const settled = new AbortController();
  let looking: Promise<ClusterLook> | undefined;
  const lookOnce = () => (looking ??= look(deps));
  // Begun so early that by the time the request is given up it is known why.
  deps.clock.sleep(leftMs - lookLimitMs, settled.signal).then(lookOnce, () => undefined);
  try {
    return await endpoint.call(leftMs, question.request);
  } catch (error) {
    if (isDeadline(error) || isLeaderless(error)) throw whyNone(await lookOnce(), question, error);
    throw await toOpsError(question.what, error, endpoint, question.limitMs);
  } finally {
    settled.abort();
  }
}

async function firstWithLeader({ endpoints }: AskDeps, looks: readonly Promise<Seen>[]): Promise<Endpoint | undefined> {
  const candidates = looks.map(async (looking, index) => {
    const { look: seen } = await looking;
    const endpoint = endpoints[index];
    // A learner refuses reads and writes of keys.
    if (endpoint !== undefined && seen.answers && seen.status.leader !== undefined && !seen.status.isLearner) return endpoint;
    throw new Error('this one cannot carry out requests');
  });
  return await Promise.any(candidates).catch(() => undefined);
}

function whyNone(
  { endpoints, quorum }: ClusterLook,
  { what, limitMs, whenUnknown }: Pick<Question<unknown>, 'what' | 'limitMs' | 'whenUnknown'>,
  cause?: unknown,
): OpsError {
  const silent = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [endpoint]));
  if (silent.length === endpoints.length) {
    const reasons = silent.map(({ member, reason }) => `${member}: ${reason}`).join(', ');
    return new OpsError(codeOf(silent), `The ${what} reached no member (${reasons}).`, { cause });
  }
  const because = silent.length === 0 ? '' : ` No answer from ${silent.map(({ member, reason }) => `${member} (${reason})`).join(', ')}.`;
  if (!quorum.holds) {
    return new OpsError('ETCD_NO_QUORUM', `The ${what} cannot be carried out: ${quorum.sentence}${because}`, { cause });
  }
  return new OpsError('ETCD_REQUEST_FAILED', `The ${what} got no answer within ${inWords(limitMs)}, though ${quorum.sentence}${because}`, {
    cause,
    ...(whenUnknown !== undefined && { hint: whenUnknown }),
  });
}

/** When all fail in the same way, that is the thing to correct. */
function codeOf(silent: readonly Extract<EndpointLook, { answers: false }>[]): ErrorCode {
  if (silent.every(({ code }) => code === 'tls')) return 'ETCD_TLS_FAILED';
  return silent.every(({ code }) => code === 'auth') ? 'ETCD_AUTH_FAILED' : 'ETCD_UNREACHABLE';
}

/** The endpoint of a member. @throws OpsError INPUT_INVALID when the cluster has no such member */
export function endpointOf(endpoints: readonly Endpoint[], member: MemberName): Endpoint {
  const found = endpoints.find((endpoint) => endpoint.member === member);
  if (found !== undefined) return found;
  throw new OpsError(
    'INPUT_INVALID',
    `The cluster has no member ${member}, only ${endpoints.map((endpoint) => endpoint.member).join(', ')}.`,
  );
}
