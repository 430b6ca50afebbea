/** What a procedure may ask of the stored snapshots of one cluster. Implemented over a directory in this folder and in memory in test/fakes. */
import type { PlannedCommand } from '../engine/command.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { V2Keys } from '../etcd/etcd.ts';
import type { ClusterId, ClusterName, MemberName, RunId, SnapshotId } from '../ids.ts';

/** What the sidecar beside a snapshot says of it. */
export interface SnapshotRecord {
  readonly id: SnapshotId;
  readonly cluster: ClusterName;
  /** Absolute path of the `.db` file on the bot's machine. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly revision: bigint;
  readonly totalKeys: number;
  /** The hash that etcd's tool computes over the buckets, e.g. `2c9d4e1a`. */
  readonly hash: string;
  readonly clusterId: ClusterId;
  readonly member: MemberName;
  readonly etcdVersion: string;
  readonly dbSizeBytes: number;
  /** Undefined when it could not be known. */
  readonly authEnabled: boolean | undefined;
  readonly v2Keys: V2Keys;
  readonly takenAt: Date;
  /** The run that took it. */
  readonly run: RunId;
}

/** A snapshot as `backups` lists it: its record, or why its file or sidecar cannot be used. */
export type StoredSnapshot =
  | { readonly ok: true; readonly record: SnapshotRecord }
  | { readonly ok: false; readonly file: string; readonly because: string };

/** The facts that only the cluster can give, put into the sidecar. */
export interface SnapshotOrigin {
  readonly member: MemberName;
  readonly clusterId: ClusterId;
  readonly etcdVersion: string;
  readonly dbSizeBytes: number;
  readonly authEnabled: boolean | undefined;
  readonly v2Keys: V2Keys;
}

/** The stored snapshots of one cluster. */
export interface Snapshots {
  /** Newest first; flawed ones are listed with the reason, never hidden. Cheap: reads sidecars and file sizes, not the data. */
  list(): Promise<readonly StoredSnapshot[]>;
  /** The snapshot of that id. Throws SNAPSHOT_NOT_FOUND with the nearest ids, SNAPSHOT_INVALID when it cannot be used. */
  find(id: SnapshotId): Promise<SnapshotRecord>;
  /** The snapshot that a run took, if it is there. */
  takenBy(run: RunId): Promise<SnapshotRecord | undefined>;
  /** Reads the whole file: size, sha256 against the sidecar, SHA-256 trailer, and etcd's tool `snapshot status` (hash, revision, keys). */
  check(record: SnapshotRecord): Promise<Finding>;
  /** Streams a snapshot from a member as `<run>.part`, checks it, then renames it to `<utc>-rev<revision>.db` with its sidecar. */
  save(options: { readonly run: RunId; readonly origin: SnapshotOrigin; readonly progress: Progress }): Promise<SnapshotRecord>;
  readonly commands: {
    save(from: MemberName, run: RunId): readonly PlannedCommand[];
  };
}
