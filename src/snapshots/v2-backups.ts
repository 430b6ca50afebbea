/** What a procedure may ask of the stored backups of API 2 of one cluster. Kept beside the snapshots, told apart by their names. */
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { ClusterId, ClusterName, MemberName, RunId, V2BackupId } from '../ids.ts';

/** What is known when a backup of API 2 is stored. */
export interface V2BackupOrigin {
  /** Whose data-dir it was made of. */
  readonly member: MemberName;
  readonly clusterId: ClusterId | undefined;
  readonly etcdVersion: string;
  /** What the member had applied when the run began; the backup holds at least that. */
  readonly raftIndex: bigint;
  /** Keys in the member's store then; undefined when it could not be asked. Hidden ones (`_…`) are not counted. */
  readonly keys: number | undefined;
  /** Keys and all else of API 3 that is in it: more than 0 makes it useless for a restore. */
  readonly v3Keys: number;
}

/** What the sidecar beside a backup says of it. */
export interface V2BackupRecord extends V2BackupOrigin {
  readonly id: V2BackupId;
  readonly cluster: ClusterName;
  /** Absolute path of the `.v2.tar.gz` file on the bot's machine. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly takenAt: Date;
  /** The run that took it. */
  readonly run: RunId;
  /** Whether the sidecar is as this bot wrote it. */
  readonly signed: boolean;
  /** Why it is never chosen without being named, each as a part of a sentence. */
  readonly doubts: readonly string[];
}

/** A backup as `backups` lists it: its record, or why its file or sidecar cannot be used. */
export type StoredV2Backup =
  | { readonly ok: true; readonly record: V2BackupRecord }
  | { readonly ok: false; readonly file: string; readonly because: string };

/** The stored backups of API 2 of one cluster. */
export interface V2Backups {
  /** Newest first; flawed ones are listed with the reason. */
  list(): Promise<readonly StoredV2Backup[]>;
  /** Throws SNAPSHOT_NOT_FOUND or SNAPSHOT_INVALID. */
  find(id: V2BackupId): Promise<V2BackupRecord>;
  /** The one that a run took, if it is there; never one that nobody vouches for. */
  takenBy(run: RunId): Promise<V2BackupRecord | undefined>;
  /** Reads the whole file: size and sha256 against the sidecar. What is in it is looked at on a host. */
  check(record: V2BackupRecord): Promise<Finding>;
  /** Has `fetch` write `.<run>.v2.part`, then renames it to `<utc>-index<index>.v2.tar.gz` with its sidecar. */
  save(options: {
    readonly run: RunId;
    readonly origin: V2BackupOrigin;
    readonly progress: Progress;
    readonly fetch: (toPath: string, progress: Progress) => Promise<{ readonly bytes: number; readonly sha256: string }>;
  }): Promise<V2BackupRecord>;
}
