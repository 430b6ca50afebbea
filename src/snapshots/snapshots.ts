/** What a procedure may ask of the stored snapshots of one cluster. Implemented over a directory in this folder and in memory in test/fakes. */
import type { PlannedCommand } from '../engine/command.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { V2Keys } from '../etcd/etcd.ts';
import type { ClusterId, ClusterName, MemberName, RunId, SnapshotFileName, SnapshotId } from '../ids.ts';
import type { V2Backups } from './v2-backups.ts';

/**
 * `snapshot`: as etcd streams it, with a SHA-256 of itself at its end. `database-copy`: a copied `member/snap/db`, which has none, so a
 * restore takes it with `--skip-hash-check`: https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster
 */
export type SnapshotKind = 'snapshot' | 'database-copy';

/** A file that a cluster can be put back from, with what it holds. */
export interface SnapshotFile {
  /** As people name it: a snapshot's id, or `file:NAME.db`. */
  readonly name: SnapshotId | SnapshotFileName;
  readonly kind: SnapshotKind;
  /** Absolute path of the `.db` file on the bot's machine. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly revision: bigint;
  readonly totalKeys: number;
  /** The hash that etcd's tool computes over the buckets, e.g. `2c9d4e1a`. */
  readonly hash: string;
  /** Undefined when it could not be known. */
  readonly authEnabled: boolean | undefined;
  readonly v2Keys: V2Keys;
  /** When it was streamed or copied; undefined for a file that a person put there. What a copy holds is older than the copy. */
  readonly takenAt: Date | undefined;
  /** Why it is never chosen without being named, each as a part of a sentence: `nobody vouches for this file: …`. None for what this bot has signed. */
  readonly doubts: readonly string[];
}

/** What the sidecar beside a snapshot says of it. */
export interface SnapshotRecord extends SnapshotFile {
  readonly id: SnapshotId;
  readonly cluster: ClusterName;
  /** Undefined for a copy: etcd's tool does not say it. */
  readonly clusterId: ClusterId | undefined;
  readonly member: MemberName;
  readonly etcdVersion: string;
  readonly dbSizeBytes: number;
  readonly takenAt: Date;
  /** The run that took it. */
  readonly run: RunId;
  /** Whether the sidecar is as this bot wrote it; a time in the future is a doubt all the same. */
  readonly signed: boolean;
}

/** A snapshot as `backups` lists it: its record, or why its file or sidecar cannot be used. */
export type StoredSnapshot =
  | { readonly ok: true; readonly record: SnapshotRecord }
  | {
      readonly ok: false;
      readonly file: string;
      readonly because: string;
      /** A person's own file, and how a restore from it is asked for. */
      readonly usableAs?: SnapshotFileName;
    };

/** The facts that only the cluster can give, put into the sidecar. */
export interface SnapshotOrigin {
  readonly member: MemberName;
  /** Undefined when nobody serves who could say it. */
  readonly clusterId: ClusterId | undefined;
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
  /** The snapshot that a run took, if it is there; never one that nobody vouches for. */
  takenBy(run: RunId): Promise<SnapshotRecord | undefined>;
  /**
   * Reads a file that a person put into the cluster's backup directory from end to end: with a valid SHA-256 at its end it is a snapshot,
   * with none a copied database. Throws SNAPSHOT_NOT_FOUND, SNAPSHOT_INVALID (also for a symbolic link).
   */
  inspect(file: SnapshotFileName): Promise<SnapshotFile>;
  /** Reads the whole file: size, sha256 against what is known of it, SHA-256 trailer unless it is a copy, and etcd's tool `snapshot status` (hash, revision, keys). */
  check(record: SnapshotFile): Promise<Finding>;
  /** Streams a snapshot from a member as `<run>.part`, checks it, then renames it to `<utc>-rev<revision>.db` with its sidecar. */
  save(options: { readonly run: RunId; readonly origin: SnapshotOrigin; readonly progress: Progress }): Promise<SnapshotRecord>;
  /** The same for a database that `fetch` copies from a stopped member to a new file. Throws SNAPSHOT_INVALID when that is no whole database. */
  saveCopy(options: {
    readonly run: RunId;
    readonly origin: Omit<SnapshotOrigin, 'dbSizeBytes'>;
    readonly progress: Progress;
    readonly fetch: (toPath: string, progress: Progress) => Promise<{ readonly bytes: number; readonly sha256: string }>;
  }): Promise<SnapshotRecord>;
  /** Workers that keep their backups in another directory, with where: `bot-2 (/var/backups)`. What is missing here may be there. */
  elsewhere(): Promise<readonly string[]>;
  /** Backups of API 2, which no snapshot holds. */
  readonly v2: V2Backups;
  readonly commands: {
    save(from: MemberName, run: RunId): readonly PlannedCommand[];
  };
}
