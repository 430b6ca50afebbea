/** One member's client URL with a gRPC client of its own: a pool would answer from any member. */
import { InterceptingCall } from '@grpc/grpc-js';
import type { CallOptions, Interceptor } from '@grpc/grpc-js';
import { Etcd3 } from 'etcd3';
import type { IOptions } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { Permit } from '../engine/tenure.ts';
import type { MemberName } from '../ids.ts';
import { isDeadline, isIdentityWanted, isLeaderless } from './grpc-error.ts';
import type { TlsMaterial } from './tls.ts';

/** A user of etcd's own authentication. */
export interface PasswordAuth {
  readonly user: string;
  readonly password: string;
}

/** What all endpoints of a cluster share. */
export interface EndpointDeps {
  readonly tls: TlsMaterial | undefined;
  readonly auth: PasswordAuth | undefined;
  readonly clock: Clock;
  /** Asked right before each request that changes something. */
  readonly permit: Permit;
}

/** One member's client URL. */
export interface Endpoint {
  readonly member: MemberName;
  readonly url: string;
  readonly tls: TlsMaterial | undefined;
  /** To be awaited right before a request that changes something: what is looked up first may take seconds. */
  readonly permit: Permit;
  /**
   * Makes one call, as whom the certificate says; when etcd wants to know a user and a password is configured, once more with a token.
   * In this order because `Authenticate` needs a quorum and a certificate does not, and because a token beats a certificate at the server.
   * @param limitMs the deadline of the whole
   * @throws what etcd3 throws, untranslated; OpsError ETCD_NO_QUORUM when the password could not be checked
   */
  call<Result>(limitMs: number, request: (client: Etcd3, options: CallOptions) => Promise<Result>): Promise<Result>;
  /** One call as whom the certificate says, whatever etcd answers. */
  callWithoutPassword<Result>(limitMs: number, request: (client: Etcd3, options: CallOptions) => Promise<Result>): Promise<Result>;
  /** A client of its own for one long stream, so that another call's failure cannot close the stream's channel. */
  dedicated(): Endpoint;
  close(): void;
}

type FaultHandling = NonNullable<IOptions['faultHandling']>;
const never = { dispose: () => undefined };
// etcd3 retries three times and opens a circuit breaker for five seconds: a look must say what is, now.
const noPolicy = {
  onSuccess: () => never,
  onFailure: () => never,
  execute: async (work: (context: { signal: AbortSignal }) => unknown, signal = new AbortController().signal) => await work({ signal }),
} as unknown as NonNullable<FaultHandling['global']>;

const channelOptions = {
  // A shared pool would keep its back-off over a new client, and answer with yesterday's error after the host is back.
  'grpc.use_local_subchannel_pool': 1,
  // https_proxy in the environment is for Slack, never for etcd.
  'grpc.enable_http_proxy': 0,
  // A host that was powered off in the middle of a long call says nothing: it is pinged, no more often than etcd allows (5 s), also when
  // its database is locked.
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // With HTTP/2's own 64 KiB a snapshot comes at half the speed.
  'grpc-node.flow_control_window': 1_024 * 1_024,
};

/** Connects lazily to one member. */
export function connectEndpoint(at: { readonly member: MemberName; readonly url: string }, deps: EndpointDeps): Endpoint {
  const { tls, auth, clock } = deps;
  const client = new Etcd3({
    hosts: at.url,
    grpcOptions: channelOptions,
    faultHandling: { host: () => noPolicy, global: noPolicy },
    ...(tls !== undefined && { credentials: { rootCertificate: tls.ca, certChain: tls.cert, privateKey: tls.key } }),
  });
  let token: string | undefined;
  const optionsUntil = (deadline: Date): CallOptions => ({
    deadline,
    ...(token !== undefined && { interceptors: [withMetadata('token', token)] }),
  });

  return {
    ...at,
    tls,
    permit: deps.permit,
    call: async (limitMs, request) => {
      const deadline = new Date(clock.now().getTime() + limitMs);
      try {
        return await request(client, optionsUntil(deadline));
      } catch (error) {
        if (auth === undefined || !isIdentityWanted(error)) throw error;
        token = undefined;
        token = await authenticate(client, at.member, auth, deadline);
        return await request(client, optionsUntil(deadline));
      }
    },
    callWithoutPassword: (limitMs, request) => request(client, { deadline: new Date(clock.now().getTime() + limitMs) }),
    dedicated: () => connectEndpoint(at, deps),
    close: () => client.close(),
  };
}

/** A password is checked by a raft proposal, unlike a certificate. */
async function authenticate(client: Etcd3, member: MemberName, { user, password }: PasswordAuth, deadline: Date): Promise<string> {
  try {
    return (await client.auth.authenticate({ name: user, password }, { deadline })).token;
  } catch (error) {
    if (!isDeadline(error) && !isLeaderless(error)) throw error;
    throw new OpsError(
      'ETCD_NO_QUORUM',
      `${member} wants a user and could not check the password of ${user} in time: for that etcd needs a quorum.`,
      {
        hint: 'A client certificate whose CN is a user with the root role works without a quorum.',
        cause: error,
      },
    );
  }
}

/** etcd3 asks again for ever when etcd says `invalid auth token`, with the same options: the words are changed so that it does not. */
const invalidToken = 'etcdserver: invalid auth token';

/** Sets one header on a call. etcd3's `snapshot()` passes no metadata of its own, so this is the only way for a token to get there. */
export function withMetadata(name: string, value: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        metadata.set(name, value);
        next(metadata, {
          onReceiveStatus: (status, give) =>
            give(status.details.includes(invalidToken) ? { ...status, details: 'etcdserver: the token is not known' } : status),
        });
      },
    });
}
