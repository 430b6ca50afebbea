/** What a procedure may ask of one host, and the facts it gets back. Implemented over ssh in this folder and in memory in test/fakes. */
import type { Approval } from '../engine/approval.ts';
import type { PlannedCommand } from '../engine/command.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { MemberName, RunId } from '../ids.ts';
import type { HostV2 } from './v2.ts';

/** What systemd says of etcd's unit. */
export interface UnitState {
  /** `ActiveState`: active, inactive, failed, activating, deactivating … */
  readonly activeState: string;
  /** `LoadState` is `masked`, or the unit file is. */
  readonly masked: boolean;
  /** `MainPID`, 0 when none. */
  readonly mainPid: number;
  /** `User=` and `Group=` of the unit; root when not set. */
  readonly user: string;
  readonly group: string;
  /** `own`: an administrator's unit file in /etc/systemd/system, where a mask would lie; it is set aside while masked. */
  readonly unitFile?: 'own' | 'packaged';
}

/** How etcd is configured on a host: in an EnvironmentFile, by flags in the unit, or by a YAML `--config-file`. */
export type ConfigurationStyle = 'environment-file' | 'flags' | 'config-file';

/** The program that restores a snapshot on a host, and what it can do. */
export interface RestoreTool {
  readonly program: 'etcdutl' | 'etcdctl';
  /** e.g. `3.4.23`. */
  readonly version: string;
  /** Has `--bump-revision` and `--mark-compacted` (3.4.27, 3.5.10, 3.6). */
  readonly canBumpRevision: boolean;
}

/** A directory or its absence. */
export type DirFacts =
  | { readonly exists: false; readonly path: string }
  | {
      readonly exists: true;
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      /** Octal, e.g. `700`. */
      readonly mode: string;
      readonly sizeBytes: number;
      /** Device and inode, `<dev>:<inode>`: survives a rename, so it tells which directory this is. */
      readonly identity: string;
      readonly empty: boolean;
    };

/** What `preflight` reads in one connection. */
export interface HostFacts {
  readonly unit: UnitState;
  readonly serverVersion: string;
  readonly tool: RestoreTool;
  readonly configuration: { readonly style: ConfigurationStyle; readonly file: string };
  readonly dataDir: DirFacts;
  /** Free bytes on the file system that holds the data-dir's parent. */
  readonly freeBytes: number;
  /** The host's clock minus the bot's, in milliseconds: the least that explains what was read. */
  readonly clockOffsetMs: number;
}

/** What etcd's tool says of a restored database. */
export interface RestoredFacts {
  readonly revision: bigint;
  readonly totalKeys: number;
  readonly totalSizeBytes: number;
  readonly hash: string;
}

/** What a restore into an empty directory is given. All members get the same cluster and token, each its own name and peer URL. */
export interface RestoreOrder {
  readonly snapshotPath: string;
  readonly intoDir: string;
  readonly memberName: MemberName;
  readonly peerUrl: string;
  /** `etcd01=https://…,etcd02=https://…`. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  /** Added to the revision, so that it never goes backwards for watchers; only when the tool can. */
  readonly bumpRevisionBy?: bigint;
  /** A copied `snap/db` has no hash to check. */
  readonly skipHashCheck?: boolean;
}

/** A file as it is handed to a host. */
export interface Delivery {
  readonly localPath: string;
  readonly remotePath: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** etcd's settings of how a member finds its cluster; those that are not given, and all else, stay as they are. */
export interface ClusterSettings {
  readonly initialClusterState: 'new' | 'existing';
  readonly initialClusterToken?: string;
  /** `etcd01=https://…,etcd02=https://…`. */
  readonly initialCluster?: string;
}

/** One of the certificates that etcd on a host shows: to clients, or to the other members. */
export interface CertificateFacts {
  readonly use: 'client' | 'peer';
  /** The file, as etcd's settings name it. */
  readonly file: string;
  /** IP addresses and DNS names of its subjectAltName. */
  readonly subjectAltNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether the private key beside it belongs to it; undefined when the host has no openssl to tell. */
  readonly keyMatches: boolean | undefined;
  /** Signed by the CA that the settings name for this use; undefined when no CA is named. */
  readonly signedByCa: boolean | undefined;
}

/** How a TCP port looks from a host: `refused` proves that the way is free. */
export type Reach = 'open' | 'refused' | 'no-answer' | 'unreachable';

/**
 * What a procedure will need root or etcd's user for. `restore`: hand over, restore aside, fence, swap, settings, start.
 * `replace-member`: fence, put the data aside, settings, certificates, start. `stop-and-start`: stop, start, restart. `fetch-database`: the
 * stopped member's own database, which deploy/sudoers has in an alias of its own. `v2-backup` and `v2-restore`: what API 2 needs besides.
 * `undo`: fence, put back what was moved aside, settings, start.
 */
export type Purpose = 'restore' | 'replace-member' | 'stop-and-start' | 'fetch-database' | 'v2-backup' | 'v2-restore' | 'undo';

/** Where one run keeps its things on a host: all beside the data-dir, so that a rename is enough. */
export interface RunPaths {
  /** The snapshot as handed over, e.g. `/data/etcd/data.restore-prod-7f3a9c.snapshot`. */
  readonly snapshot: string;
  /** The restored data before it takes its place, e.g. `/data/etcd/data.restore-prod-7f3a9c.new`. */
  readonly restored: string;
  /** The old data-dir, moved aside, e.g. `/data/etcd/data.restore-prod-7f3a9c.old`. */
  readonly aside: string;
}

/**
 * One host of a cluster. Every method has a time limit and throws OpsError HOST_* when the host cannot be asked.
 * Methods that act are idempotent: acting again, or after being cut in the middle, ends in the same state.
 */
export interface Host {
  readonly member: MemberName;
  readonly address: string;
  readonly unitName: string;
  readonly dataDir: string;
  paths(run: RunId): RunPaths;

  /**
   * Reads all that a restore rests on; throws with the one thing that is wrong (ssh, sudo, tool …). A host without a data-dir is no mistake.
   * @param purposes what sudo is asked about: only what the procedure will do, `['restore']` when not given
   */
  preflight(purposes?: readonly Purpose[]): Promise<HostFacts>;
  unit(): Promise<UnitState>;
  dir(path: string): Promise<DirFacts>;
  /** Several, of one moment. */
  dirs(paths: readonly string[]): Promise<readonly DirFacts[]>;
  /** Whether a file or a directory of this name lies beside the data-dir. `receive` gives a file its name only when its sha256 is right. */
  has(path: string): Promise<boolean>;
  /** Which of these lie there, the data-dir or names beside it; of one moment. */
  existing(paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Paths beside the data-dir that begin with its name and a dot: what runs have left, and have under way. */
  beside(): Promise<readonly string[]>;
  /** Whether etcd is stopped and cannot come back: unit inactive and masked, no etcd process, client and peer port closed as seen from here. */
  fenced(): Promise<Finding>;
  /** sha256 of a file on the host; undefined when it is not there. */
  fileSha256(path: string): Promise<string | undefined>;
  /** What etcd's tool says of `<dir>/member/snap/db`; undefined when the directory is not there. */
  restored(dir: string): Promise<RestoredFacts | undefined>;
  /** How etcd is configured at this moment: `preflight` reads it too, among much else. */
  configuration(): Promise<HostFacts['configuration']>;
  /** Whether the settings already stand in etcd's configuration. */
  configured(settings: ClusterSettings): Promise<Finding>;
  /** What these settings were before `configure` set them, as the copy of their file has it; undefined when there is no such copy. */
  settingsBefore(settings: ClusterSettings): Promise<ClusterSettings | undefined>;

  /** Free bytes on the file system that holds the data: the data-dir's own, where it is a mount point. */
  freeBytes(): Promise<number>;
  /** The certificates that etcd is set to show; empty when it serves without TLS. */
  certificates(): Promise<readonly CertificateFacts[]>;
  /** How a port of another host looks from this one. */
  reach(address: string, port: number): Promise<Reach>;

  /** Hands a file over: written as `.part`, mode 0600, sha256 compared on arrival, then renamed. Free disk is looked at first. */
  receive(delivery: Delivery, progress: Progress): Promise<void>;
  /** Restores into `<intoDir>.part` (removed first when left behind by a cut), owner and mode set, then renamed to `intoDir`. */
  restoreSnapshot(order: RestoreOrder): Promise<void>;
  /** Changes only these settings, keeps a copy of the file beside it, reloads systemd; gives the difference as text. */
  configure(settings: ClusterSettings): Promise<{ readonly difference: string }>;
  /** Unmasks and starts without waiting for etcd to be ready: members wait for each other. */
  unmaskAndStart(): Promise<void>;
  /** Makes an empty data-dir of etcd's own where there is none; whatever is there is left alone. */
  makeDataDir(): Promise<void>;
  /** Stops etcd; systemd may start it again at boot. */
  stop(): Promise<void>;
  /** Restarts etcd without waiting for it to be ready. Not idempotent: the caller knows by `mainPid` whether it has happened. */
  restart(): Promise<void>;
  /** Copies `member/snap/db` of the data-dir to a new local file (mode 0600, fsynced). Refuses while etcd runs: the copy would be torn. */
  fetchDatabase(toPath: string, progress: Progress): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Removes this run's handed-over snapshot and half-made files; never a data-dir. */
  removeScratch(run: RunId): Promise<void>;

  /** Removes the restored data of a run that will not put it in place. Refuses once the old data is aside: then it is needed. */
  removeRestored(run: RunId): Promise<void>;

  /** Stops and masks the unit. */
  stopAndMask(approval: Approval): Promise<void>;
  /** Moves the data-dir aside and the restored one into its place: two renames, each skipped when it has happened. Refuses when the restored one is missing or etcd is not fenced. */
  swapDataDir(run: RunId, approval: Approval): Promise<void>;
  /** Moves the data-dir aside and leaves an empty one of etcd's own in its place, each skipped when it has happened. Refuses when etcd is not fenced. */
  putDataAside(run: RunId, approval: Approval): Promise<void>;
  /**
   * Undoes the swap of an earlier run: moves the data-dir aside under this run's name and what that run moved aside into its place; two
   * renames, each skipped when it has happened. Refuses when nothing is kept of that run or etcd is not fenced.
   */
  returnAside(run: RunId, earlier: RunId, approval: Approval): Promise<void>;
  /** Deletes the data-dir that this run moved aside, for good. */
  deleteAside(run: RunId, approval: Approval): Promise<void>;

  /** What only a cluster that uses API 2 needs. */
  readonly v2: HostV2;

  /** The same acts as commands, for plans: made by the very functions that carry them out. */
  readonly commands: HostCommands;
}

/** Each act of a host as the commands an operator would type. Pure. */
export interface HostCommands {
  receive(delivery: Delivery): readonly PlannedCommand[];
  restoreSnapshot(order: RestoreOrder, tool: RestoreTool): readonly PlannedCommand[];
  configure(settings: ClusterSettings, configuration: HostFacts['configuration']): readonly PlannedCommand[];
  /** `unit` as `preflight` saw it; without it a packaged unit is meant. */
  stopAndMask(unit?: Pick<UnitState, 'unitFile'>): readonly PlannedCommand[];
  /** `dataDir` as it is now: where it is missing, an empty directory stands in for the old one. */
  swapDataDir(run: RunId, dataDir?: Pick<DirFacts, 'exists'>): readonly PlannedCommand[];
  unmaskAndStart(unit?: Pick<UnitState, 'unitFile'>): readonly PlannedCommand[];
  fetchDatabase(): readonly PlannedCommand[];
  makeDataDir(): readonly PlannedCommand[];
  stop(): readonly PlannedCommand[];
  restart(): readonly PlannedCommand[];
  putDataAside(run: RunId, dataDir?: Pick<DirFacts, 'exists'>): readonly PlannedCommand[];
  /** `dataDir` as it is now, as for `swapDataDir`. */
  returnAside(run: RunId, earlier: RunId, dataDir?: Pick<DirFacts, 'exists'>): readonly PlannedCommand[];
  deleteAside(run: RunId): readonly PlannedCommand[];
  removeScratch(run: RunId): readonly PlannedCommand[];
  removeRestored(run: RunId): readonly PlannedCommand[];
}
