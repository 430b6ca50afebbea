/** Turns what a call threw into words for `look`, and into an OpsError for everything else. */
import { OpsError, isOpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { etcdsWords, isConnectionFailure, isDeadline, isIdentityWanted, isLeaderless, isPasswordWrong } from './grpc-error.ts';
import { probe } from './probe.ts';
import type { Unanswered } from './probe.ts';
import { inWords } from './in-words.ts';

/** How long the second, exact look at a broken connection may take. */
const probeLimitMs = 1_000;

/**
 * Says why a call got no answer.
 * @param limitMs the limit the call had
 * @param leftMs what is left of the caller's time for looking closer
 * @returns undefined when the connection broke but a new one works: the call may be made again
 */
export async function explain(error: unknown, endpoint: Endpoint, limitMs: number, leftMs = probeLimitMs): Promise<Unanswered | undefined> {
  if (isOpsError(error)) return { code: 'auth', reason: error.message.replace(/\.$/, '') };
  if (isDeadline(error)) return { code: 'timeout', reason: `no answer within ${inWords(limitMs)}` };
  if (isPasswordWrong(error)) return { code: 'auth', reason: 'the user name or password is wrong' };
  if (isIdentityWanted(error)) return { code: 'auth', reason: `the user has not the right to do this (${etcdsWords(error)})` };
  if (!isConnectionFailure(error)) return { code: 'other', reason: etcdsWords(error) };
  if (leftMs <= 0) return { code: 'timeout', reason: `no answer within ${inWords(limitMs)}` };
  return await probe(endpoint.url, endpoint.tls, Math.min(leftMs, probeLimitMs));
}

const errorCodes = {
  refused: 'ETCD_UNREACHABLE',
  timeout: 'ETCD_UNREACHABLE',
  tls: 'ETCD_TLS_FAILED',
  auth: 'ETCD_AUTH_FAILED',
  other: 'ETCD_REQUEST_FAILED',
} as const satisfies Record<Unanswered['code'], ErrorCode>;

/** The OpsError of an endpoint that gave no answer. @param what was asked: `snapshot`, `hash` … */
export function unanswered(what: string, endpoint: Pick<Endpoint, 'member' | 'url'>, because: Unanswered, cause?: unknown): OpsError {
  const did = because.code === 'auth' || because.code === 'other' ? 'refused' : 'did not answer';
  return new OpsError(errorCodes[because.code], `${endpoint.member} (${endpoint.url}) ${did} the ${what}: ${because.reason}.`, { cause });
}

/** Translates what a call threw. */
export async function toOpsError(what: string, error: unknown, endpoint: Endpoint, limitMs: number): Promise<OpsError> {
  if (isOpsError(error)) return error;
  if (isLeaderless(error)) {
    return new OpsError('ETCD_NO_QUORUM', `${endpoint.member} (${endpoint.url}) could not carry out the ${what}: ${etcdsWords(error)}.`, {
      cause: error,
    });
  }
  const because = (await explain(error, endpoint, limitMs)) ?? { code: 'other', reason: `the connection broke (${etcdsWords(error)})` };
  return unanswered(what, endpoint, because, error);
}
