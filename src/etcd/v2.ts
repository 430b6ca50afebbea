/** What a procedure may ask of API 2, a store of its own beside the keys of API 3, and what it gets back. */
import type { PlannedCommand } from '../engine/command.ts';
import type { MemberName } from '../ids.ts';

/** A key of API 2, or a directory with what is directly in it, in the order of the keys (`sorted=true`; etcd gives none else). */
export type V2Node =
  | { readonly type: 'value'; readonly value: string; readonly modifiedIndex: bigint; readonly createdIndex: bigint }
  | { readonly type: 'directory'; readonly entries: readonly string[] };

/** What one member's own store of API 2 holds, hidden keys (`_…`) left out: no listing shows those. */
export interface V2Contents {
  /** Undefined when there are too many to be listed; then only the index was read. */
  readonly keys: number | undefined;
  /** Comparable between members: equal when keys, values and indexes are. */
  readonly digest: string;
  /** The store's own index, `X-Etcd-Index`: counts its changes. */
  readonly index: bigint;
}

/** API 2 of one cluster. Every method has a time limit and throws OpsError ETCD_*; ETCD_API_NOT_SERVED where there is no API 2. */
export interface EtcdV2 {
  put(key: string, value: string): Promise<{ readonly index: bigint }>;
  /** Linearizable (`quorum=true`). Undefined when there is no such key. */
  get(key: string): Promise<V2Node | undefined>;
  contents(from: MemberName): Promise<V2Contents>;
  /**
   * Reads with quorum so often that every write before this is marked as committed on the members' disks, and gives the raft index
   * reached. `etcdctl backup` drops what is not marked so, and etcd marks an entry only when a later one is written.
   */
  settle(): Promise<{ readonly raftIndex: bigint }>;
  /** The same acts as commands, for plans. */
  readonly commands: EtcdV2Commands;
}

/** What is done over HTTP, as the etcdctl command an operator would type. */
export interface EtcdV2Commands {
  put(key: string, value: string): PlannedCommand;
  settle(): PlannedCommand;
}
