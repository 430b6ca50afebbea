/** What a procedure may ask of an etcd cluster over gRPC, and the facts it gets back. Implemented over etcd3 in this folder and in memory in test/fakes. */
import type { Approval } from '../engine/approval.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import type { ClusterId, MemberId, MemberName } from '../ids.ts';
import type { EtcdCommands } from './commands.ts';
import type { EtcdV2 } from './v2.ts';

/** One row of `etcdctl endpoint status`. */
export interface EndpointStatus {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly version: string;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** Absent while no leader is known. */
  readonly leader: MemberId | undefined;
  readonly isLearner: boolean;
  readonly raftTerm: bigint;
  readonly raftIndex: bigint;
  readonly raftAppliedIndex: bigint;
  readonly revision: bigint;
  readonly errors: readonly string[];
}

/** A look at one configured member's client URL. */
export type EndpointLook = { readonly member: MemberName; readonly endpoint: string } & (
  | { readonly answers: true; readonly status: EndpointStatus }
  | {
      readonly answers: false;
      /** In words: `connection refused`, `no answer within 2 s`, `certificate is signed by another CA` … */
      readonly reason: string;
      readonly code: 'refused' | 'timeout' | 'tls' | 'auth' | 'other';
    }
);

/** One row of `etcdctl member list`. */
export interface MemberRow {
  readonly memberId: MemberId;
  /** Empty while the member has never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** An alarm of the cluster. */
export interface Alarm {
  readonly memberId: MemberId;
  readonly type: 'NOSPACE' | 'CORRUPT';
}

/** How the votes stand. */
export interface Quorum {
  /** Voting members there are (learners do not count). */
  readonly voters: number;
  /** Voters that answer now. */
  readonly answering: number;
  /** floor(voters / 2) + 1. */
  readonly needed: number;
  /** Enough voters answer and they agree on a leader that answers. */
  readonly holds: boolean;
  /** How many more voters may fail before writes stop; 0 when quorum is lost. */
  readonly mayFail: number;
  /** `2 of 3 voters answer: one more failure stops writes.` */
  readonly sentence: string;
}

/** All that one look at a cluster gives, read from every endpoint at the same time. */
export interface ClusterLook {
  /** In the order of the configuration. */
  readonly endpoints: readonly EndpointLook[];
  /** Undefined when no member could give it; then `quorum` counts the configured members. */
  readonly members: readonly MemberRow[] | undefined;
  /** Undefined when they could not be read. */
  readonly alarms: readonly Alarm[] | undefined;
  readonly quorum: Quorum;
  /** The highest revision that any endpoint reports. */
  readonly revision: bigint | undefined;
}

/** A member's hash of its key space. Comparable only at the same revision and compact revision. */
export interface MemberHash {
  readonly member: MemberName;
  readonly hash: number;
  readonly revision: bigint;
  readonly compactRevision: bigint;
}

/** What came of streaming a snapshot. The trailer was right, or it would have thrown SNAPSHOT_INVALID. */
export interface StreamedSnapshot {
  readonly bytes: number;
  /** Of the whole file, trailer included. */
  readonly sha256: string;
}

/** A key's value and where it stands. */
export interface KeyValue {
  readonly value: string;
  readonly modRevision: bigint;
  readonly version: bigint;
}

/** What the keys of one prefix weigh. Where a prefix was only sampled, all three are reckoned from the part of its keys that was read. */
export interface PrefixWeight {
  /** The directories of the first two parts of the path: `/registry/pods` of `/registry/pods/default/web-0`; `(no path)` of a key without a slash. */
  readonly prefix: string;
  readonly keys: number;
  /** Of keys and values, in their latest version. */
  readonly bytes: number;
  /** Sum of the keys' versions: how often they were written since they were made. A large one is what compaction frees. */
  readonly revisions: bigint;
}

/** A bounded sample of the key space, heaviest prefix (in bytes) first. */
export interface KeySample {
  /** How many keys were read; less than `keysTotal` when it was only a sample. */
  readonly keysSeen: number;
  readonly keysTotal: number;
  readonly prefixes: readonly PrefixWeight[];
}

/** How many keys of API 3 there are, and who says so. */
export interface KeyCount {
  readonly keys: number;
  /** `quorum`: a linearizable read. Else the one member whose store was counted, because there is no quorum: others may hold more. */
  readonly of: 'quorum' | MemberName;
}

/** Whether a cluster holds keys written with API 2, which a v3 snapshot does not contain. */
export type V2Keys = 'some' | 'none' | 'not-served' | 'unknown';

/** One cluster. Every method has a time limit and throws OpsError ETCD_* when it cannot be asked. */
export interface Etcd {
  /** Looks at every configured endpoint in parallel, 2 s at most; never throws for a member that does not answer. */
  look(): Promise<ClusterLook>;
  /** The hash of every configured member at one revision. Throws when a member cannot give it. */
  hashes(): Promise<readonly MemberHash[]>;
  /** All configured members answer, one leader, one term, one cluster id, the same hash, no alarm. */
  membersAgree(): Promise<Finding>;
  /** Whether auth is on; undefined when it cannot be known. */
  authEnabled(): Promise<boolean | undefined>;
  /** For each configured member, whether this client may do there what only the root role may; undefined when it cannot be known. */
  mayAdminister(): Promise<readonly { readonly member: MemberName; readonly may: boolean | undefined }[]>;
  v2Keys(): Promise<V2Keys>;
  /**
   * Streams a snapshot of exactly one member into a new file (mode 0600, fsynced), checking the SHA-256 trailer as it comes.
   * The time limit grows with the member's dbSize. A cut leaves no file that looks whole: the caller names a `.part` path.
   */
  saveSnapshot(from: MemberName, toPath: string, progress: Progress): Promise<StreamedSnapshot>;
  put(key: string, value: string): Promise<{ readonly revision: bigint }>;
  /** Linearizable, or from one member's own store when `from` is given. Undefined when there is no such key. */
  get(key: string, options?: { readonly from?: MemberName }): Promise<KeyValue | undefined>;
  delete(key: string): Promise<void>;
  /**
   * The same cluster, looked at and asked through these members only: a member that is gone for good is nobody's business any more.
   * The votes are still counted by the cluster's own member list, and whoever is still in it and not among these counts as silent.
   */
  among(members: readonly MemberName[]): Etcd;

  /** Adds a learner; a member that has one of these peer URLs already is given as it is (a learner has no name until it starts, so it is known by its peer URL). */
  addLearner(peerUrls: readonly string[]): Promise<MemberRow>;
  /** Makes a learner a voter, asked of the leader. Fails (as a Finding) while it is not in sync; holds when it is a voter already. */
  promote(id: MemberId): Promise<Finding>;
  /** Removes a member for good; no harm when it is gone already. */
  removeMember(id: MemberId, approval: Approval): Promise<void>;
  /** Gives a member other peer URLs. */
  updatePeerUrls(id: MemberId, peerUrls: readonly string[]): Promise<void>;
  /** Hands leadership to a voter, asked of the leader; no harm when it leads already. */
  moveLeader(to: MemberId): Promise<void>;
  /** Compacts up to and including `revision`, physically: waits until it is on the disk of the member asked. No harm when it is compacted already. */
  compact(revision: bigint, approval: Approval): Promise<void>;
  /** Whether the history before `revision` is gone. */
  isCompacted(revision: bigint): Promise<boolean>;
  /**
   * Rewrites one member's database without the free pages. The member serves nothing meanwhile. Never asked twice: after a cut or a
   * time limit (ETCD_OUTCOME_UNKNOWN) its end is watched instead (`answersFromStore`).
   */
  defragment(member: MemberName): Promise<void>;
  /** Whether the member answers a read out of its own store: false while it defragments. */
  answersFromStore(member: MemberName): Promise<boolean>;
  /** Takes back NOSPACE of one member; no harm when it is not raised. A member that is still over its quota raises it again. */
  disarmNospace(memberId: MemberId): Promise<void>;
  /** Takes back CORRUPT of one member: the only sign that its data differs, so it is taken away like data. */
  disarmCorrupt(memberId: MemberId, approval: Approval): Promise<void>;
  /** The member's `--quota-backend-bytes`, as its metrics say; undefined when they do not, Infinity when the quota is switched off. */
  quotaBytes(member: MemberName): Promise<number | undefined>;
  /** Reads a bounded sample of keys, without their history. */
  sampleKeys(): Promise<KeySample>;
  countKeys(): Promise<KeyCount>;

  /** API 2: a store of its own, which API 3 and its snapshots know nothing of. */
  readonly v2: EtcdV2;

  /** The same acts as commands, for plans. */
  readonly commands: Omit<EtcdCommands, 'saveSnapshot'>;
}
