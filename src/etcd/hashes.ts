/** The hash of every member's key space, at one revision. */
import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3, ICallable, IHashKVResponse } from 'etcd3';
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { Endpoint } from './endpoint.ts';
import type { MemberHash } from './etcd.ts';
import { toOpsError } from './failure.ts';
import { lookLimitMs, readStatus } from './look.ts';

/** A member reads its whole key space for this. */
const hashLimitMs = 60_000;
/** How often it is read anew while compactions move under it, and how long is waited between. */
const attempts = 4;
const betweenAttemptsMs = 500;

/** What hashing needs. */
export interface HashDeps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}

/**
 * Asks every member for HashKV at the lowest revision that all of them have. Hashes are comparable only at the same revision and
 * compact revision, so while these differ (a member lags, a compaction is under way) all are read again, four times at most.
 * @throws OpsError ETCD_* when a member cannot give its hash; ETCD_REQUEST_FAILED when they never stood at one compact revision
 * @see https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/ (HashKV)
 */
export async function hashes({ endpoints, clock }: HashDeps): Promise<readonly MemberHash[]> {
  let found: readonly MemberHash[] = [];
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    found = await readAll(endpoints);
    const same = comparable(found);
    // Different hashes are read once more before anyone is told that data differ.
    if (same && new Set(found.map(({ hash }) => hash)).size <= 1) return found;
    if (attempt < attempts) await clock.sleep(betweenAttemptsMs);
  }
  if (comparable(found)) return found;
  const stands = found.map(({ member, compactRevision }) => `${member} at ${compactRevision}`).join(', ');
  throw new OpsError(
    'ETCD_REQUEST_FAILED',
    `The members stand at different compact revisions (${stands}), so their hashes cannot be compared.`,
    {
      hint: 'A compaction is under way or a member lags behind: look again in a minute.',
    },
  );
}

async function readAll(endpoints: readonly Endpoint[]): Promise<readonly MemberHash[]> {
  const statuses = await Promise.all(
    endpoints.map((endpoint) => orOpsError(endpoint, lookLimitMs, () => readStatus(endpoint, lookLimitMs))),
  );
  const revision = statuses.map((status) => status.revision).reduce((lowest, other) => (other < lowest ? other : lowest));
  return await Promise.all(
    endpoints.map((endpoint) =>
      orOpsError(endpoint, hashLimitMs, async () => {
        const response = await endpoint.call(hashLimitMs, (client, options) => hashKv(client, revision, options));
        return { member: endpoint.member, hash: Number(response.hash), revision, compactRevision: BigInt(response.compact_revision) };
      }),
    ),
  );
}

/** etcd3's own `hashKV()` calls a method `hashKV`, which grpc-js has under the name `hashKv`: it has never worked. */
export async function hashKv(client: Etcd3, revision: bigint, options: CallOptions): Promise<IHashKVResponse> {
  const callable: ICallable<unknown> = client.maintenance['client'];
  return await callable.exec('Maintenance', 'hashKv', { revision: revision.toString() }, options);
}

async function orOpsError<Result>(endpoint: Endpoint, limitMs: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw await toOpsError('request for its hash', error, endpoint, limitMs);
  }
}

function comparable(found: readonly MemberHash[]): boolean {
  return new Set(found.map(({ compactRevision }) => compactRevision)).size <= 1;
}
