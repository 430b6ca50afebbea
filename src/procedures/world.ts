/** What a procedure is handed: the cluster, its hosts, its snapshots. Types only: adapters are wired in main.ts, fakes in tests. */
import type { BackupsDisk } from '../checkup/backups.ts';
import type { Check } from '../checkup/check.ts';
import type { BotIdentity } from '../checkup/bot-identity.ts';
import type { Clock } from '../engine/ports.ts';
import type { EarlierRun } from '../engine/recall.ts';
import type { Etcd } from '../etcd/etcd.ts';
import type { Host } from '../host/host.ts';
import type { ClusterName, MemberName, RunId } from '../ids.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { KeyLimits } from './key-limits.ts';

/** A member as the configuration names it. */
export interface ConfiguredMember {
  readonly name: MemberName;
  /** Where ssh goes. */
  readonly host: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** What a procedure needs to know of a cluster's configuration. */
export interface ClusterFacts {
  readonly name: ClusterName;
  readonly members: readonly ConfiguredMember[];
  /** Which keys `put` and `get` may touch; the bot's own when not given. */
  readonly keys?: KeyLimits | undefined;
  /** The unit's name and the data-dir are the hosts' own; the token is the cluster's. */
  readonly initialClusterToken: string;
}

/** The highest revision seen of a cluster, kept outside of it: what a restore loses is measured against it. */
export interface HighestRevision {
  readonly revision: bigint;
  readonly at: Date;
}

/**
 * Keeps the highest revision seen under a cluster's name, until a restore begins the count anew. A cluster that somebody made anew by hand does not: watchers
 * have seen the revisions of the one before, and its loss is rather told too high than too low.
 */
export interface RevisionLedger {
  /** Takes a revision that was read now; lower ones than known are ignored. */
  observe(revision: bigint): Promise<void>;
  /** The highest known; undefined when none was ever seen. */
  highest(): Promise<HighestRevision | undefined>;
  /** After a restore the count begins anew. */
  restart(revision: bigint): Promise<void>;
}

/** The runs of before, to read and nothing else: for a run that is about one of them. */
export interface EarlierRuns {
  /** Throws RUN_NOT_FOUND, also when it ended so long ago that it was removed, and JOURNAL_INVALID. */
  recall(run: RunId): Promise<EarlierRun>;
}

/** What the checkup asks of the bot itself. */
export interface Bot {
  /** sha256 of the program that its own kit installs on hosts. */
  readonly programSha256: string;
  /** How it shows itself to this cluster's etcd. */
  readonly identity: BotIdentity;
  /** Where backups lie, and what is free there; undefined when it cannot be told. */
  backupsDisk(): Promise<BackupsDisk | undefined>;
  /** Settings, Redis and Slack, judged; for the channels and groups of this cluster. */
  surroundings(): Promise<readonly Check[]>;
}

/** All that a procedure can see and do, for one run on one cluster. */
export interface World {
  readonly runId: RunId;
  readonly cluster: ClusterFacts;
  readonly etcd: Etcd;
  /** One for each configured member, in the order of the configuration. */
  readonly hosts: readonly Host[];
  readonly snapshots: Snapshots;
  readonly ledger: RevisionLedger;
  readonly earlier: EarlierRuns;
  readonly bot: Bot;
  readonly clock: Clock;
}
