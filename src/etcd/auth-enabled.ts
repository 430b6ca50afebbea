/** Whether etcd's own authentication is on: answered by any one member from its own store, with or without a quorum. */
import type { Clock } from '../engine/ports.ts';
import { allowingForStall, within } from '../engine/within.ts';
import type { Endpoint } from './endpoint.ts';
import { withMetadata } from './endpoint.ts';
import { isUserNameWanted } from './grpc-error.ts';
import { lookLimitMs } from './look.ts';

/**
 * Reads one key, serializably, as nobody: with auth on etcd answers `user name is empty`, with auth off it answers.
 * A certificate's CN is set aside by the header that etcd's own JSON gateway sends, because behind a gateway the CN proves nothing
 * (`AuthInfoFromTLS`: https://github.com/etcd-io/etcd/blob/v3.4.23/auth/store.go). `AuthStatus` exists only from 3.5 on, and it
 * and `Authenticate` need a quorum.
 * @returns undefined when no member said so within two seconds
 */
export async function authEnabled({
  endpoints,
  clock,
}: {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
}): Promise<boolean | undefined> {
  const answers = endpoints.map(askAsNobody);
  return await within(
    clock,
    lookLimitMs,
    Promise.any(answers).catch(() => undefined),
    () => undefined,
  );
}

async function askAsNobody(endpoint: Endpoint): Promise<boolean> {
  const asNobody = { interceptors: [withMetadata('grpcgateway-accept', 'application/json')] };
  try {
    await endpoint.callWithoutPassword(allowingForStall(lookLimitMs), (client, options) =>
      client.kv.range({ key: Buffer.from([0]), serializable: true, count_only: true }, { ...options, ...asNobody }),
    );
    return false;
  } catch (error) {
    if (isUserNameWanted(error)) return true;
    throw error;
  }
}
