/** Keeps each cluster's highest revision outside of the cluster, so that a restore can say what it loses. */
import type { Clock } from '../engine/ports.ts';
import { isOpsError } from '../errors.ts';
import type { Etcd } from '../etcd/etcd.ts';
import type { ClusterName } from '../ids.ts';
import type { RevisionLedger } from '../procedures/world.ts';
import type { QueueLog } from '../queue/connection.ts';

/** How often a cluster is looked at: what is written in between is what a loss is understated by, at most. */
const lookIntervalMs = 15_000;

interface RevisionsDeps {
  readonly clusters: readonly { readonly name: ClusterName; readonly etcd: Pick<Etcd, 'look'>; readonly ledger: RevisionLedger }[];
  readonly clock: Clock;
  readonly log: QueueLog;
  readonly signal: AbortSignal;
}

/** Looks until the signal aborts. A cluster or a Redis that does not answer is looked at again the next time. */
export async function watchRevisions({ clusters, clock, log, signal }: RevisionsDeps): Promise<void> {
  while (!signal.aborted) {
    await Promise.all(clusters.map((cluster) => observe(cluster, log)));
    await clock.sleep(lookIntervalMs, signal).catch(() => undefined);
  }
}

async function observe({ name, etcd, ledger }: RevisionsDeps['clusters'][number], log: QueueLog): Promise<void> {
  try {
    const { revision } = await etcd.look();
    if (revision !== undefined) await ledger.observe(revision);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    log.warn({ cluster: name, because: error.message }, 'revision could not be kept');
  }
}
