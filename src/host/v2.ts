/** What a procedure may ask of a host whose etcd serves API 2, and the facts it gets back. */
import type { Progress } from '../engine/step.ts';
import type { RunId } from '../ids.ts';
import type { ConfigurationStyle, RestoreTool } from './host.ts';

/** How etcd on a host stands to API 2. */
export interface V2Settings {
  readonly style: ConfigurationStyle;
  /** `--enable-v2` (ETCD_ENABLE_V2, enable-v2) is set. */
  readonly enabled: boolean;
  /** The program that backs up and its version. */
  readonly tool: Pick<RestoreTool, 'program' | 'version'>;
}

/** What a backup of API 2 holds, read on the host. */
export interface V2BackupFacts {
  readonly walFiles: number;
  readonly bytes: number;
  /** The raft index of the snapshot of the v2 store in it; 0n when there is none, then all is in the WAL. */
  readonly snapshotIndex: bigint;
  /** Up to here etcd takes over the WAL when it starts from it; undefined when the backup does not say. Counted as the backup counts, not as the member did. */
  readonly commitIndex: bigint | undefined;
  /** Data of API 3 is in it, which `etcdctl backup --with-v3` puts there. */
  readonly v3: { readonly held: boolean; readonly revision: bigint; readonly totalKeys: number };
}

/** Where `--force-new-cluster` is set. */
export interface ForceFacts {
  /** In the unit as systemd has it loaded: a drop-in or an Environment= line. */
  readonly inUnit: boolean;
  /** In the settings of etcd: environment file, flags, or YAML. */
  readonly inSettings: boolean;
  /** In the environment or on the command line of the etcd that runs; undefined when none runs. */
  readonly inProcess: boolean | undefined;
}

/** The looks of API 2, and its copy off the host; what changes something are acts (host.ts). */
export interface HostV2 {
  settings(): Promise<V2Settings>;
  /** What is in the run's `restored`, a backup of API 2; undefined when it is not there. */
  inspect(run: RunId): Promise<V2BackupFacts | undefined>;
  /** Copies the made backup to a new local file (tar, gzip, mode 0600, fsynced); its sha256 is the same on both sides. */
  fetchBackup(toPath: string, progress: Progress): Promise<{ readonly bytes: number; readonly sha256: string }>;
  force(): Promise<ForceFacts>;
}
