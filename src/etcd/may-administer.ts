/** Whether this client has the root role, asked of every member without a quorum and without writing anything. */
import type { Clock } from '../engine/ports.ts';
import { allowingForStall } from '../engine/within.ts';
import type { MemberName } from '../ids.ts';
import type { Endpoint } from './endpoint.ts';
import { isFutureRevision, isIdentityWanted } from './grpc-error.ts';
import { hashKv } from './hashes.ts';
import { lookLimitMs } from './look.ts';

/** No store gets there. */
const neverReached = 2n ** 63n - 1n;

/**
 * Asks for the hash at a revision that is not there: a member looks first whether who asks is an administrator, and then refuses before it has
 * read anything (`authMaintenanceServer.HashKV`: https://github.com/etcd-io/etcd/blob/v3.4.23/etcdserver/api/v3rpc/maintenance.go).
 */
export async function mayAdminister({
  endpoints,
}: {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}): Promise<readonly { readonly member: MemberName; readonly may: boolean | undefined }[]> {
  return await Promise.all(endpoints.map(async (endpoint) => ({ member: endpoint.member, may: await ask(endpoint) })));
}

async function ask(endpoint: Endpoint): Promise<boolean | undefined> {
  try {
    await endpoint.call(allowingForStall(lookLimitMs), (client, options) => hashKv(client, neverReached, options));
    return true;
  } catch (error) {
    if (isFutureRevision(error)) return true;
    return isIdentityWanted(error) ? false : undefined;
  }
}
