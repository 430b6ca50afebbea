/** Puts, gets and deletes one key, each within five seconds, and says so at once when there is no quorum. */
import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { ClusterLook, EndpointLook, KeyValue } from './etcd.ts';
import { toOpsError } from './failure.ts';
import { isDeadline, isLeaderless } from './grpc-error.ts';
import { look, lookAt, lookLimitMs, together } from './look.ts';
import type { Seen } from './look.ts';
import { inWords } from './within.ts';

/** What one request may take, the search for a member with a leader included. */
const requestLimitMs = 5_000;

/** What these need. */
export interface KeyValueDeps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}

/** Writes a key. @throws OpsError ETCD_NO_QUORUM, ETCD_UNREACHABLE, ETCD_AUTH_FAILED, ETCD_REQUEST_FAILED */
export async function putKey(deps: KeyValueDeps, key: string, value: string): Promise<{ readonly revision: bigint }> {
  const response = await throughLeader(deps, 'put', (client, options) =>
    client.kv.put({ key: Buffer.from(key), value: Buffer.from(value) }, options),
  );
  return { revision: BigInt(response.header.revision) };
}

/** Deletes a key; no harm when there is none. @returns how many were deleted @throws as `putKey` */
export async function deleteKey(deps: KeyValueDeps, key: string): Promise<number> {
  const response = await throughLeader(deps, 'delete', (client, options) => client.kv.deleteRange({ key: Buffer.from(key) }, options));
  return Number(response.deleted);
}

/**
 * Reads a key: linearizable, or from one member's own store.
 * @param from the member whose store is read, with or without a quorum
 * @throws as `putKey`
 */
export async function getKey(deps: KeyValueDeps, key: string, from?: Endpoint): Promise<KeyValue | undefined> {
  const request = (client: Etcd3, options: CallOptions) =>
    client.kv.range({ key: Buffer.from(key), serializable: from !== undefined }, options);
  const { kvs } = from === undefined ? await throughLeader(deps, 'get', request) : await at(from, 'get', request);
  const [found] = kvs;
  return found === undefined
    ? undefined
    : { value: found.value.toString(), modRevision: BigInt(found.mod_revision), version: BigInt(found.version) };
}

async function at<Result>(
  endpoint: Endpoint,
  what: string,
  request: (client: Etcd3, options: CallOptions) => Promise<Result>,
): Promise<Result> {
  try {
    return await endpoint.call(requestLimitMs, request);
  } catch (error) {
    throw await toOpsError(what, error, endpoint, requestLimitMs);
  }
}

/** Sends a request to the first member that answers and knows a leader. Sent once: after a timeout nobody knows whether it took effect. */
async function throughLeader<Result>(
  deps: KeyValueDeps,
  what: string,
  request: (client: Etcd3, options: CallOptions) => Promise<Result>,
): Promise<Result> {
  const began = deps.clock.now().getTime();
  const looks = deps.endpoints.map((endpoint) => lookAt(endpoint, deps.clock));
  const endpoint = await firstWithLeader(deps, looks);
  if (endpoint === undefined) throw whyNone(together(await Promise.all(looks)), what);
  const leftMs = requestLimitMs - (deps.clock.now().getTime() - began);
  const settled = new AbortController();
  let looking: Promise<ClusterLook> | undefined;
  const lookOnce = () => (looking ??= look(deps));
  // Begun so early that by the time the request is given up it is known why.
  deps.clock.sleep(leftMs - lookLimitMs, settled.signal).then(lookOnce, () => undefined);
  try {
    return await endpoint.call(leftMs, request);
  } catch (error) {
    if (isDeadline(error) || isLeaderless(error)) throw whyNone(await lookOnce(), what, error);
    throw await toOpsError(what, error, endpoint, requestLimitMs);
  } finally {
    settled.abort();
  }
}

async function firstWithLeader({ endpoints }: KeyValueDeps, looks: readonly Promise<Seen>[]): Promise<Endpoint | undefined> {
  const candidates = looks.map(async (looking, index) => {
    const { look: seen } = await looking;
    const endpoint = endpoints[index];
    // A learner refuses reads and writes of keys.
    if (endpoint !== undefined && seen.answers && seen.status.leader !== undefined && !seen.status.isLearner) return endpoint;
    throw new Error('this one cannot carry out requests');
  });
  return await Promise.any(candidates).catch(() => undefined);
}

function whyNone({ endpoints, quorum }: ClusterLook, what: string, cause?: unknown): OpsError {
  const silent = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [endpoint]));
  if (silent.length === endpoints.length) {
    const reasons = silent.map(({ member, reason }) => `${member}: ${reason}`).join(', ');
    return new OpsError(codeOf(silent), `The ${what} reached no member (${reasons}).`, { cause });
  }
  if (!quorum.holds) return new OpsError('ETCD_NO_QUORUM', `The ${what} cannot be carried out: ${quorum.sentence}`, { cause });
  return new OpsError('ETCD_REQUEST_FAILED', `The ${what} got no answer within ${inWords(requestLimitMs)}, though ${quorum.sentence}`, {
    cause,
    ...(what !== 'get' && { hint: 'It may have taken effect all the same: read the key before you press Retry.' }),
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
