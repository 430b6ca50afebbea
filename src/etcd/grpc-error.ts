/** Recognises what etcd3 throws: the one place where its error classes and etcd's messages are looked at. */
import {
  EtcdAuthenticationFailedError,
  EtcdPermissionDeniedError,
  GRPCDeadlineExceededError,
  GRPCInvalidArgumentError,
  GRPCResourceExhastedError,
  GRPCUnauthenticatedError,
  GRPCUnavailableError,
} from 'etcd3';
import { cleaned } from '../engine/foreign-text.ts';

/** etcd's words for a caller without a user, of an unknown one, or of an older auth revision: api/v3rpc/rpctypes/error.go, auth/store.go. */
const identityMessages = [
  'user name is empty',
  'user name not found',
  'auth: user not found',
  'revision of auth store is old',
  'the token is not known',
];

/** etcd's words for a request that met no leader or no majority. */
const leaderlessMessages = [
  'etcdserver: no leader',
  'etcdserver: request timed out',
  'etcdserver: leader changed',
  'etcdserver: not leader',
  'raft proposal dropped',
];

const deadlineMessages = ['context deadline exceeded', 'context canceled'];

/** etcd refuses the caller's identity, or wants one. */
export function isIdentityWanted(error: unknown): boolean {
  if (error instanceof EtcdPermissionDeniedError || error instanceof GRPCUnauthenticatedError) return true;
  return error instanceof Error && identityMessages.some((message) => error.message.includes(message));
}

/** The password or the user is wrong. */
export function isPasswordWrong(error: unknown): boolean {
  return error instanceof EtcdAuthenticationFailedError;
}

/** No answer before the call's deadline. etcd knows the deadline too, and at times says so first, with the code UNKNOWN and Go's words. */
export function isDeadline(error: unknown): boolean {
  if (error instanceof GRPCDeadlineExceededError) return true;
  return error instanceof Error && deadlineMessages.some((message) => error.message.includes(message));
}

/** The answer is larger than grpc-js takes. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof GRPCResourceExhastedError && error.message.includes('larger than max');
}

/** No connection, or it broke; not an answer of etcd itself. */
export function isConnectionFailure(error: unknown): boolean {
  return error instanceof GRPCUnavailableError && !error.message.includes('etcdserver:');
}

/** etcd answered that there is no leader, or that no majority agreed in time. */
export function isLeaderless(error: unknown): boolean {
  return error instanceof Error && leaderlessMessages.some((message) => error.message.includes(message));
}

/** etcd wants a user's name: auth is on. */
export function isUserNameWanted(error: unknown): boolean {
  return error instanceof GRPCInvalidArgumentError && error.message.includes('etcdserver: user name is empty');
}

/** What etcd said in its first line, as it may stand in a sentence; without gRPC's number and name in front: `13 INTERNAL: etcdserver: …`. */
export function etcdsWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return cleaned(message.replace(/^(?:\w+: )?\d+ [A-Z_]+: /, '').split('\n', 1)[0] ?? message);
}

/** etcd answered that the member that was asked does not lead (any more): nothing was done. */
export function isNotLeader(error: unknown): boolean {
  return error instanceof Error && error.message.includes('etcdserver: not leader');
}

/**
 * etcd's words for what it will not do now, or has done already; the first that matches counts.
 * @see https://github.com/etcd-io/etcd/blob/v3.4.23/etcdserver/api/v3rpc/rpctypes/error.go
 */
const refusals = {
  unhealthy: 'etcdserver: unhealthy cluster',
  'not-enough-started': 're-configuration failed due to not enough started members',
  'too-many-learners': 'too many learner members in cluster',
  'not-in-sync': 'can only promote a learner member which is in sync with leader',
  'not-a-learner': 'can only promote a learner member',
  'no-such-member': 'etcdserver: member not found',
  'peer-url-taken': 'Peer URLs already exists',
  compacted: 'required revision has been compacted',
  'future-revision': 'required revision is a future revision',
  'bad-transferee': 'bad leader transferee',
  'transfer-too-slow': 'leader transfer took too long',
} as const;

/** What etcd will not do, by name. */
export type Refusal = keyof typeof refusals;

/** Which of its known refusals etcd answered with; undefined for anything else. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  return (Object.keys(refusals) as Refusal[]).find((name) => error.message.includes(refusals[name]));
}

/** Gives etcd's known refusals as a value; throws everything else as it came. */
export async function orRefusal<Result>(asked: Promise<Result>): Promise<{ readonly done: Result } | { readonly refused: Refusal }> {
  try {
    return { done: await asked };
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === undefined) throw error;
    return { refused };
  }
}

/** etcd answered that it has not come as far as the revision that was asked for. */
export function isFutureRevision(error: unknown): boolean {
  return error instanceof Error && error.message.includes('required revision is a future revision');
}
