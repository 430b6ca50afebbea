/** Puts the parts together: the stored snapshots of one cluster, in a directory. */
import type { Clock } from '../engine/ports.ts';
import type { Permit } from '../engine/tenure.ts';
import type { EtcdOverGrpc } from '../etcd/create-etcd.ts';
import type { ClusterName } from '../ids.ts';
import { check } from './check.ts';
import type { SnapshotStatus } from './check.ts';
import { checkedOnce } from './checked-once.ts';
import { find, takenBy } from './find.ts';
import { layoutOf } from './layout.ts';
import { list } from './list.ts';
import { inspect } from './own-file.ts';
import { save, saveCopy } from './save.ts';
import type { Signing } from './signing.ts';
import type { Snapshots } from './snapshots.ts';
import { createV2Backups } from './v2-store.ts';

/** What the snapshots of a cluster are made of. */
export interface SnapshotsOptions {
  /** The backup directory; the cluster gets a directory of its own in it. */
  readonly directory: string;
  readonly cluster: ClusterName;
  readonly etcd: Pick<EtcdOverGrpc, 'saveSnapshot' | 'readSnapshotFile'> & {
    readonly commands: Pick<EtcdOverGrpc['commands'], 'saveSnapshot'>;
  };
  /** What etcd's tool says of a file. Throws SNAPSHOT_INVALID when the tool refuses it. */
  readonly snapshotStatus: (path: string) => Promise<SnapshotStatus>;
  readonly clock: Clock;
  /** Signs what is stored, and knows what it has signed. */
  readonly signing: Signing;
  /** Workers that keep their backups in another directory. None when not given. */
  readonly elsewhere?: () => Promise<readonly string[]>;
  /** Asked before a file is made, and again before it gets its name. */
  readonly permit: Permit;
}

/** Nothing is made or read before it is asked for. */
export function createSnapshots({
  directory,
  cluster,
  etcd,
  snapshotStatus,
  clock,
  signing,
  elsewhere = async () => [],
  permit,
}: SnapshotsOptions): Snapshots {
  const layout = layoutOf(directory, cluster);
  const deps = { layout, clock, etcd, snapshotStatus, signing, elsewhere, permit };
  return {
    list: () => list(deps),
    find: (id) => find(deps, id),
    takenBy: (run) => takenBy(deps, run),
    inspect: (file) => inspect(deps, file),
    check: checkedOnce((record) => check(deps, record)),
    save: (order) => save(deps, order),
    saveCopy: (order) => saveCopy(deps, order),
    elsewhere,
    v2: createV2Backups(deps),
    commands: { save: (from, run) => [etcd.commands.saveSnapshot(from, layout.unfinished(run, 'snapshot'))] },
  };
}
