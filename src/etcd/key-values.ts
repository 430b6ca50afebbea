/** Puts, gets and deletes one key, each within five seconds, and says so at once when there is no quorum. */
import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import type { KeyValue } from './etcd.ts';
import { toOpsError } from './failure.ts';
import { isDeadline, isLeaderless } from './grpc-error.ts';
import { look, lookLimitMs, readStatus } from './look.ts';
import { within } from './within.ts';

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
  const endpoint = await firstWithLeader(deps);
  if (endpoint === undefined) throw await whyNone(deps, what);
  const leftMs = requestLimitMs - (deps.clock.now().getTime() - began);
  try {
    return await endpoint.call(leftMs, request);
  } catch (error) {
    if (isDeadline(error) || isLeaderless(error)) throw await whyNone(deps, what, error);
    throw await toOpsError(what, error, endpoint, requestLimitMs);
  }
}

async function firstWithLeader({ endpoints, clock }: KeyValueDeps): Promise<Endpoint | undefined> {
  const candidates = endpoints.map(async (endpoint) => {
    const status = await readStatus(endpoint, lookLimitMs);
    // A learner forwards nothing; it refuses reads and writes.
    return status.leader === undefined || status.isLearner
      ? await Promise.reject(new Error(`${endpoint.member} cannot forward requests`))
      : endpoint;
  });
  return await within(
    clock,
    lookLimitMs,
    Promise.any(candidates).catch(() => undefined),
    () => undefined,
  );
}

async function whyNone(deps: KeyValueDeps, what: string, cause?: unknown): Promise<OpsError> {
  const { endpoints, quorum } = await look(deps);
  const [silent, ...others] = endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [endpoint]));
  if (silent !== undefined && others.length === endpoints.length - 1) {
    const code = endpoints.every((endpoint) => !endpoint.answers && endpoint.code === 'tls')
      ? 'ETCD_TLS_FAILED'
      : endpoints.every((endpoint) => !endpoint.answers && endpoint.code === 'auth')
        ? 'ETCD_AUTH_FAILED'
        : 'ETCD_UNREACHABLE';
    const reasons = [silent, ...others].map((one) => `${one.member}: ${one.reason}`).join(', ');
    return new OpsError(code, `The ${what} reached no member (${reasons}).`, { cause });
  }
  if (!quorum.holds) return new OpsError('ETCD_NO_QUORUM', `The ${what} cannot be carried out: ${quorum.sentence}`, { cause });
  return new OpsError('ETCD_REQUEST_FAILED', `The ${what} got no answer within ${requestLimitMs / 1_000} s, though ${quorum.sentence}`, {
    cause,
    ...(what !== 'get' && { hint: 'It may have taken effect all the same: read the key before you press Retry.' }),
  });
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
