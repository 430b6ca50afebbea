/** Compacts the history of a cluster, physically, and says whether it is gone. */
import { OpsError, isOpsError } from '../errors.ts';
import { askServing } from './ask.ts';
import type { AskDeps } from './ask.ts';
import type { Act, EtcdCommands } from './commands.ts';
import { orRefusal } from './grpc-error.ts';

/** A read of no key at one revision. */
const readLimitMs = 5_000;
/**
 * etcd goes through all revisions in batches of 1,000, with 100 ms between batches in 3.4 and 10 ms from 3.5 on; twice that, and never
 * more than half an hour.
 * @see https://github.com/etcd-io/etcd/blob/v3.4.23/mvcc/kvstore_compaction.go
 */
const baseLimitMs = 60_000;
const perThousandRevisionsMs = 200;
const highestLimitMs = 30 * 60_000;

/** What compacting needs. */
export interface CompactDeps extends AskDeps {
  readonly commands: EtcdCommands;
  readonly act: Act;
}

const firstKey = Buffer.from([0]);

/**
 * Compacts up to and including `revision`. etcd keeps what is live at `revision`; reads of earlier revisions fail from then on.
 * @throws OpsError INPUT_INVALID at or above the head, where a crash of etcd before 3.4.32 and 3.5.14 could lower the revision;
 * ETCD_OUTCOME_UNKNOWN when it took too long: etcd goes on by itself
 */
export async function compact(deps: CompactDeps, revision: bigint): Promise<void> {
  const head = await headRevision(deps);
  if (revision <= 0n || revision >= head) {
    throw new OpsError('INPUT_INVALID', `The history cannot be compacted at revision ${revision}: the cluster stands at ${head}.`, {
      hint: `Choose a revision from 1 to ${head - 1n}; the bot never compacts at the head itself.`,
    });
  }
  if (await isCompacted(deps, revision)) return;
  const what = `compaction at revision ${revision}`;
  const limitMs = Math.min(baseLimitMs + Math.ceil(Number(revision) / 1_000) * perThousandRevisionsMs, highestLimitMs);
  await deps.act({
    command: deps.commands.compact(revision),
    output: () => `compacted revision ${revision}`,
    work: async () => {
      try {
        await askServing(deps, {
          what,
          limitMs,
          changes: true,
          request: (client, options) => orRefusal(client.kv.compact({ revision: revision.toString(), physical: true }, options)),
        });
      } catch (error) {
        throw (await cutShort(deps, revision, error)) ?? error;
      }
    },
  });
}

/** Whether the history before `revision` is gone, linearizably. @throws OpsError ETCD_* */
export async function isCompacted(deps: AskDeps, revision: bigint): Promise<boolean> {
  // The first write of a cluster has revision 2; nothing stands before 1, and 0 would mean the newest.
  if (revision <= 1n) return true;
  const answer = await askServing(deps, {
    what: `read of revision ${revision - 1n}`,
    limitMs: readLimitMs,
    request: (client, options) =>
      orRefusal(client.kv.range({ key: firstKey, revision: (revision - 1n).toString(), count_only: true }, options)),
  });
  return 'refused' in answer && answer.refused === 'compacted';
}

async function headRevision(deps: AskDeps): Promise<bigint> {
  const { header } = await askServing(deps, {
    what: 'read of the revision',
    limitMs: readLimitMs,
    request: (client, options) => client.kv.range({ key: firstKey, count_only: true }, options),
  });
  return BigInt(header.revision);
}

/** The request broke, but the compaction was accepted: the members go on with it. */
async function cutShort(deps: CompactDeps, revision: bigint, error: unknown): Promise<OpsError | undefined> {
  if (!isOpsError(error, 'ETCD_REQUEST_FAILED', 'ETCD_UNREACHABLE', 'ETCD_NO_QUORUM')) return undefined;
  try {
    if (!(await isCompacted(deps, revision))) return undefined;
  } catch {
    // What was thrown first says more.
    return undefined;
  }
  return new OpsError(
    'ETCD_OUTCOME_UNKNOWN',
    `The compaction at revision ${revision} was accepted, but the answer that it is on the disk did not come.`,
    {
      hint: 'The members go on with it by themselves; wait until their size in use stands still, then press Retry.',
      cause: error,
    },
  );
}
