/** What a procedure may ask of one host, and the facts it gets back. Implemented over ssh in this folder and in memory in test/fakes. */
import type { Approval } from '../engine/approval.ts';
import type { PlannedCommand } from '../engine/command.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { MemberName, RunId } from '../ids.ts';
import type { PortLook } from './ports.ts';
import type { HostSight } from './sight.ts';
import type { HostV2 } from './v2.ts';

/** What systemd says of etcd's unit. */
export interface UnitState {
  /** `ActiveState`: active, inactive, failed, activating, deactivating … */
  readonly activeState: string;
  /** For good: `LoadState` is `masked`, and the unit file is. */
  readonly masked: boolean;
  /** A fence was cut: the mask lies there, and systemd has not read it yet. etcd may run, and would not start at the next boot. */
  readonly halfMasked?: boolean;
  /** `MainPID`, 0 when none. */
  readonly mainPid: number;
  /** `User=` and `Group=` of the unit; root when not set. */
  readonly user: string;
  readonly group: string;
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
      /** Of what a run moved aside: where its WAL lies, when it is apart. */
      readonly walPath?: string;
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

/** What lies on a host, by what it is and not by its path: which path that is, the host alone knows. */
export type Part = 'data' | { readonly run: RunId; readonly what: 'snapshot' | 'restored' | 'aside' | 'undone' };

/** What a restore into an empty directory is given. All members get the same cluster and token, each its own name and peer URL. */
export interface RestoreOrder {
  readonly memberName: MemberName;
  readonly peerUrl: string;
  /** `etcd01=https://…,etcd02=https://…`. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  /** Added to the revision, so that it never goes backwards for watchers; only when the tool can. */
  readonly bumpRevisionBy?: bigint;
  /** A copied `snap/db` has no hash that etcd's tool could check: the host compares the handed-over file with this sha256 first. */
  readonly withoutHashCheck?: { readonly sha256: string };
}

/** A file as it is handed to a host; there it is the run's `snapshot`. */
export interface Delivery {
  readonly localPath: string;
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
  /** Whether the private key beside it belongs to it; undefined when the host could not tell. */
  readonly keyMatches: boolean | undefined;
  /** Signed by the CA that the settings name for this use; undefined when no CA is named. */
  readonly signedByCa: boolean | undefined;
}

/** How a TCP port looks from a host: `refused` proves that the way is free. */
export type Reach = 'open' | 'refused' | 'no-answer' | 'unreachable';

/**
 * What a procedure will need the host's owner's permission for (host.json, `allow`). `restore`: hand over, restore aside, fence, swap,
 * settings, start. `replace-member`: fence, put the data aside, settings, start. `stop-and-start`: stop, start, restart. `fetch-database`:
 * the stopped member's own database. `v2-backup` and `v2-restore`: what API 2 needs besides. `undo`: as `restore`.
 */
export type Purpose = 'restore' | 'replace-member' | 'stop-and-start' | 'fetch-database' | 'v2-backup' | 'v2-restore' | 'undo';

/** An act that can be put right by acting again. Each is idempotent, but for `restart`: the caller knows by `mainPid` whether it has happened. */
export type ChangeAct =
  /** Restores the handed-over snapshot beside the data-dir, owner and mode set; gets its name only when it is whole. */
  | { readonly act: 'restore'; readonly order: RestoreOrder }
  /** Changes only these settings, keeps a copy of the file beside it, reloads systemd. */
  | { readonly act: 'settings'; readonly settings: ClusterSettings }
  /** Unmasks and starts without waiting for etcd to be ready: members wait for each other. */
  | { readonly act: 'unmask-start' }
  /** Makes an empty data-dir of etcd's own where there is none; whatever is there is left alone. */
  | { readonly act: 'make-data-dir' }
  /** Stops etcd; systemd may start it again at boot. */
  | { readonly act: 'stop' }
  | { readonly act: 'restart' }
  /** Removes this run's handed-over file and half-made directories; never a data-dir. */
  | { readonly act: 'remove-scratch' }
  /** Removes the restored data of a run that will not put it in place. Refuses once the old data is aside: then it is needed. */
  | { readonly act: 'remove-restored' }
  /** Backs API 2's data up beside the data-dir, without that of API 3, read back before it gets its name. etcd may run meanwhile. */
  | { readonly act: 'v2-backup' }
  /** Unpacks the handed-over archive into the run's `restored`, read back in the same way. */
  | { readonly act: 'v2-unpack' }
  /** Has etcd start with `--force-new-cluster`, by a drop-in that a reboot forgets. Refuses where etcd reads a YAML file. */
  | { readonly act: 'v2-force' }
  /** Takes the drop-in away, and restarts etcd when it still runs with it. */
  | { readonly act: 'v2-unforce' };

/** An act that takes away something that may not come back: only with an approval, and only what that approval was shown. */
export type DestroyAct =
  /** Stops and masks the unit. */
  | { readonly act: 'fence' }
  /** The data-dir aside and the restored one into its place. Refuses when the restored one is missing or etcd is not fenced. */
  | { readonly act: 'swap' }
  /** The data-dir aside and an empty one of etcd's own into its place. Refuses when etcd is not fenced. */
  | { readonly act: 'put-aside' }
  /** Undoes the swap of an earlier run: the data-dir aside under this run's name, and what that run moved aside into its place. */
  | { readonly act: 'put-back'; readonly earlier: RunId }
  /** Deletes what this run moved aside, for good. */
  | { readonly act: 'delete-aside' };

/**
 * What is asked of a host right after an act: the answers come with the act's own, and count as looks of now for a quarter of a second. Whoever
 * asks then does so as ever; what was not foreseen, or came too late, costs a request.
 */
export interface Foreseen {
  readonly plan?: { readonly acts: readonly HostAct[]; readonly assuming?: readonly HostAct[] };
  /** With its size. */
  readonly dir?: Part;
  readonly restored?: RestoredPart;
}

/** What etcd's tool can read. */
export type RestoredPart = 'data' | { readonly run: RunId; readonly what: 'restored' | 'aside' };

/** An act that a plan can show; `receive` is carried out by `handOver`, `fetch-database` and `v2-fetch` by their own methods. */
export type HostAct =
  | ChangeAct
  | DestroyAct
  | { readonly act: 'receive'; readonly delivery: Delivery }
  | { readonly act: 'fetch-database' }
  | { readonly act: 'v2-fetch' };

/**
 * One host of a cluster, for one run. Every method has a time limit and throws OpsError HOST_* when the host cannot be asked.
 * What is asked at the same moment is one request to the host.
 */
export interface Host {
  readonly member: MemberName;
  readonly address: string;
  /** Of config.yaml: which of the host's etcds is meant. */
  readonly unitName: string;

  /**
   * Reads all that a restore rests on; throws with the one thing that is wrong (ssh, the door, tool …). A host without a data-dir is no mistake.
   * @param purposes what the host's owner must allow: only what the procedure will do, `['restore']` when not given
   */
  preflight(purposes?: readonly Purpose[]): Promise<HostFacts>;
  /** Everything one look shows, unjudged. */
  sight(): Promise<HostSight>;
  /** How etcd's two ports look from the bot: what must be seen closed later must not be swallowed by something on the way. */
  ports(): Promise<{ readonly client: PortLook; readonly peer: PortLook }>;
  unit(): Promise<UnitState>;
  /** A directory, or for `snapshot` the handed-over file. `path` says where it is, or would be. */
  dir(part: Part): Promise<DirFacts>;
  /** Several, of one moment. */
  dirs(parts: readonly Part[]): Promise<readonly DirFacts[]>;
  /** Whether it lies there. A handed-over file gets its name only when its sha256 is right. */
  has(part: Part): Promise<boolean>;
  /** Paths beside the data-dir that begin with its name and a dot: what runs have left, and have under way. */
  beside(): Promise<readonly string[]>;
  /** Whether etcd is stopped and cannot come back: unit inactive and masked, no process of it, client and peer port closed as seen from here. */
  fenced(): Promise<Finding>;
  /** What etcd's tool says of the database in it; undefined when it is not there. */
  restored(part: RestoredPart): Promise<RestoredFacts | undefined>;
  /** How etcd is configured at this moment. */
  configuration(): Promise<HostFacts['configuration']>;
  /** Whether the settings already stand in etcd's configuration, and systemd knows. */
  configured(settings: ClusterSettings): Promise<Finding>;
  /** What these settings were before `settings` set them, as the copy of their file has it; undefined when there is no such copy. */
  settingsBefore(settings: ClusterSettings): Promise<ClusterSettings | undefined>;
  /** Free bytes on the file system that holds the data: the data-dir's own, where it is a mount point. */
  freeBytes(): Promise<number>;
  /** The certificates that etcd is set to show; empty when it serves without TLS. */
  certificates(): Promise<readonly CertificateFacts[]>;
  /** How a port of another host looks from this one. */
  reach(address: string, port: number): Promise<Reach>;

  /**
   * What is left to do for each act, as commands that an operator would type: made on the host by the code that does it, from what lies there now.
   * @param acts each as if those before it had been done
   * @param assuming acts of earlier steps that are taken as done
   * @throws OpsError HOST_COMMAND_FAILED with the reason when one of `acts` is refused
   */
  plan(acts: readonly HostAct[], assuming?: readonly HostAct[]): Promise<readonly (readonly PlannedCommand[])[]>;
  /** Carries an act out, as far as it is left to do; gives the difference that `settings` made, as text. */
  do(act: ChangeAct, foreseen?: Foreseen): Promise<{ readonly difference?: string }>;
  /** Carries it out when what is left to do is still part of what was approved. @throws OpsError HOST_PLAN_MOVED when it is not */
  destroy(act: DestroyAct, approval: Approval, foreseen?: Foreseen): Promise<void>;
  /** Hands a file over: mode 0600, its name only when its sha256 is right. Free disk is looked at first. */
  handOver(delivery: Delivery, progress: Progress, foreseen?: Foreseen): Promise<void>;
  /** Copies `member/snap/db` of the data-dir to a new local file (mode 0600, fsynced). Refuses while etcd runs: the copy would be torn. */
  fetchDatabase(toPath: string, progress: Progress): Promise<{ readonly bytes: number; readonly sha256: string }>;

  /** What only a cluster that uses API 2 needs. */
  readonly v2: HostV2;
}
