/** Puts, gets and deletes one key, each within five seconds, and says so at once when there is no quorum. */
import { askMember, askServing } from './ask.ts';
import type { AskDeps, Question } from './ask.ts';
import type { Endpoint } from './endpoint.ts';
import type { KeyValue } from './etcd.ts';

/** What one request may take, the search for a member with a leader included. */
const limitMs = 5_000;

/** A write that was cut may stand. */
const whenUnknown = 'It may have taken effect all the same: read the key before you press Retry.';

/** Writes a key. @throws OpsError ETCD_NO_QUORUM, ETCD_UNREACHABLE, ETCD_AUTH_FAILED, ETCD_REQUEST_FAILED */
export async function putKey(deps: AskDeps, key: string, value: string): Promise<{ readonly revision: bigint }> {
  const response = await askServing(deps, {
    what: 'put',
    limitMs,
    changes: true,
    whenUnknown,
    request: (client, options) => client.kv.put({ key: Buffer.from(key), value: Buffer.from(value) }, options),
  });
  return { revision: BigInt(response.header.revision) };
}

/** Deletes a key; no harm when there is none. @returns how many were deleted @throws as `putKey` */
export async function deleteKey(deps: AskDeps, key: string): Promise<number> {
  const response = await askServing(deps, {
    what: 'delete',
    limitMs,
    changes: true,
    whenUnknown,
    request: (client, options) => client.kv.deleteRange({ key: Buffer.from(key) }, options),
  });
  return Number(response.deleted);
}

/**
 * Reads a key: linearizable, or from one member's own store.
 * @param from the member whose store is read, with or without a quorum
 * @throws as `putKey`
 */
export async function getKey(deps: AskDeps, key: string, from?: Endpoint): Promise<KeyValue | undefined> {
  const question = {
    what: 'get',
    limitMs,
    request: (client, options) => client.kv.range({ key: Buffer.from(key), serializable: from !== undefined }, options),
  } satisfies Question<unknown>;
  const { kvs } = from === undefined ? await askServing(deps, question) : await askMember(from, question);
  const [found] = kvs;
  return found === undefined
    ? undefined
    : { value: found.value.toString(), modRevision: BigInt(found.mod_revision), version: BigInt(found.version) };
}
