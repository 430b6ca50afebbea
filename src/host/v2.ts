/** What a procedure may ask of a host whose etcd serves API 2, and the facts it gets back. */
import type { PlannedCommand } from '../engine/command.ts';
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

/** Methods that act are idempotent: acting again, or after being cut in the middle, ends in the same state. */
export interface HostV2 {
  settings(): Promise<V2Settings>;
  /**
   * Backs the data-dir up beside itself, without data of API 3, as etcd's own user, has the tool read the backup back, and only then
   * gives it its name (`RunPaths.restored`). etcd may run meanwhile.
   */
  makeBackup(run: RunId): Promise<void>;
  /** Unpacks the handed-over archive (`RunPaths.snapshot`) into `RunPaths.restored`, read back in the same way. */
  unpackBackup(run: RunId): Promise<void>;
  /** What is in `RunPaths.restored`; undefined when it is not there. */
  inspect(run: RunId): Promise<V2BackupFacts | undefined>;
  /** Copies the made backup to a new local file (tar, gzip, mode 0600, fsynced); its sha256 is the same on both sides. */
  fetchBackup(run: RunId, toPath: string, progress: Progress): Promise<{ readonly bytes: number; readonly sha256: string }>;
  force(): Promise<ForceFacts>;
  /** Has etcd start with `--force-new-cluster`: by a drop-in in /run, which a reboot forgets. Refuses where etcd reads a YAML file, because then it ignores its environment. */
  setForce(): Promise<void>;
  /** Takes the drop-in away, and restarts etcd when it still runs with it. */
  clearForce(): Promise<void>;
  /** The same acts as commands, for plans. */
  readonly commands: HostV2Commands;
}

/** Each act as the commands an operator would type. */
export interface HostV2Commands {
  makeBackup(run: RunId, tool: Pick<RestoreTool, 'program'>): readonly PlannedCommand[];
  unpackBackup(run: RunId, tool: Pick<RestoreTool, 'program'>): readonly PlannedCommand[];
  fetchBackup(run: RunId): readonly PlannedCommand[];
  setForce(): readonly PlannedCommand[];
  clearForce(): readonly PlannedCommand[];
}
