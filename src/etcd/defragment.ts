/** Rewrites one member's database without its free pages, and sees when a member is busy with that. */
import { OpsError } from '../errors.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import { endpointOf } from './ask.ts';
import type { Act, EtcdCommands } from './commands.ts';
import type { Endpoint } from './endpoint.ts';
import { toOpsError } from './failure.ts';
import { isConnectionFailure, isDeadline } from './grpc-error.ts';
import { lookLimitMs, readStatus } from './look.ts';

/** 4.4 to 5.5 s per GB were measured elsewhere; a slow disk takes many times that, and a limit that is too short leaves a member to be watched. */
const baseLimitMs = 120_000;
const perGigabyteMs = 60_000;
const gigabyte = 1_000_000_000;
/** A member that serves answers a read of its own store in milliseconds. */
const storeLimitMs = 1_000;

/** What defragmenting needs. */
export interface DefragmentDeps {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly commands: EtcdCommands;
  readonly act: Act;
}

/** The limit for a database of this size. */
export function defragmentLimitMs(dbSizeBytes: number): number {
  return baseLimitMs + Math.ceil((dbSizeBytes / gigabyte) * perGigabyteMs);
}

/**
 * Asks exactly this member, over a connection of its own. The member serves nothing meanwhile.
 * @throws OpsError ETCD_OUTCOME_UNKNOWN after a cut or a time limit: the server goes on by itself, so it is never asked twice;
 * other ETCD_* when it was not begun
 * @see https://etcd.io/docs/v3.4/op-guide/maintenance/#defragmentation
 */
export async function defragment(deps: DefragmentDeps, member: MemberName): Promise<void> {
  const endpoint = endpointOf(deps.endpoints, member).dedicated();
  try {
    await deps.act({
      command: deps.commands.defragment(member),
      output: () => `Finished defragmenting etcd member[${endpoint.url}]`,
      work: async () => await request(endpoint),
    });
  } finally {
    endpoint.close();
  }
}

async function request(endpoint: Endpoint): Promise<void> {
  const { dbSizeBytes } = await reach(endpoint);
  const limitMs = defragmentLimitMs(dbSizeBytes);
  await endpoint.permit();
  try {
    await endpoint.call(limitMs, (client, options) => client.maintenance.defragment(options));
  } catch (error) {
    if (!isDeadline(error) && !isConnectionFailure(error)) throw await toOpsError('defragmentation', error, endpoint, limitMs);
    const because = isDeadline(error) ? `did not end within ${Math.round(limitMs / 1_000)} s` : 'lost its connection';
    throw new OpsError('ETCD_OUTCOME_UNKNOWN', `The defragmentation of ${endpoint.member} (${endpoint.url}) ${because}.`, {
      hint: `A server that lives goes on by itself. Watch ${endpoint.member} until it answers reads again; do not ask for it a second time meanwhile.`,
      cause: error,
    });
  }
}

/** A failure before this point is a member that was never asked. */
async function reach(endpoint: Endpoint) {
  try {
    return await readStatus(endpoint, lookLimitMs);
  } catch (error) {
    throw await toOpsError('defragmentation', error, endpoint, lookLimitMs);
  }
}

/**
 * Whether a member answers a read out of its own store within a second. While it defragments it does not, in 3.4 and in 3.5, because
 * every read waits for the lock of the database; so does its status, which takes its revision from there, and `look` says that it does
 * not answer within 2 s.
 * @returns false also when the member does not answer at all
 * @throws OpsError ETCD_AUTH_FAILED, ETCD_REQUEST_FAILED when it refuses the read
 */
export async function answersFromStore({ endpoints }: Pick<DefragmentDeps, 'endpoints'>, member: MemberName): Promise<boolean> {
  const endpoint = endpointOf(endpoints, member);
  try {
    await endpoint.call(storeLimitMs, (client, options) =>
      client.kv.range({ key: Buffer.from([0]), serializable: true, limit: 1 }, options),
    );
    return true;
  } catch (error) {
    if (isDeadline(error) || isConnectionFailure(error)) return false;
    throw await toOpsError('read of its store', error, endpoint, storeLimitMs);
  }
}
