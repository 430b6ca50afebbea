/** Recognises what etcd3 throws: the one place where its error classes and etcd's messages are looked at. */
import {
  EtcdAuthenticationFailedError,
  EtcdPermissionDeniedError,
  GRPCDeadlineExceededError,
  GRPCInvalidArgumentError,
  GRPCUnauthenticatedError,
  GRPCUnavailableError,
} from 'etcd3';

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

/** What etcd said, without gRPC's number and name in front: `13 INTERNAL: etcdserver: …`. */
export function etcdsWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.replace(/^(?:\w+: )?\d+ [A-Z_]+: /, '').split('\n')[0] ?? message).trim();
}
