/** Branded ids: a member name can never be passed where a cluster name is meant. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** A cluster as it is named in config.yaml; also the first argument of most commands. */
export const ClusterName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a cluster name is 1 to 31 lowercase letters, digits or dashes, and begins with a letter')
  .brand<'ClusterName'>();
export type ClusterName = z.infer<typeof ClusterName>;

/** etcd's `--name` of a member; in config.yaml the key under `members`. */
export const MemberName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a member name is 1 to 63 letters, digits, dots, dashes or underscores')
  .brand<'MemberName'>();
export type MemberName = z.infer<typeof MemberName>;

/** etcd's member id as etcdctl prints it: lowercase hex without 0x. Never a number: it is a uint64. */
export const MemberId = z
  .string()
  .regex(/^[0-9a-f]{1,16}$/, 'a member id is 1 to 16 lowercase hex digits')
  .brand<'MemberId'>();
export type MemberId = z.infer<typeof MemberId>;

/** etcd's cluster id, written as member ids are. */
export const ClusterId = z
  .string()
  .regex(/^[0-9a-f]{1,16}$/, 'a cluster id is 1 to 16 lowercase hex digits')
  .brand<'ClusterId'>();
export type ClusterId = z.infer<typeof ClusterId>;

/** One execution of a procedure: `restore-prod-7f3a9c`. No colon and never digits only, as BullMQ's job ids demand. */
export const RunId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{2,90}-[0-9a-f]{6}$/, 'a run id looks like restore-prod-7f3a9c')
  .brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** A stored snapshot: the name of its file without the cluster and `.db`, e.g. `20261122T070409Z-rev1234`. */
export const SnapshotId = z
  .string()
  .regex(/^[0-9]{8}T[0-9]{6}Z-rev[0-9]+$/, 'a snapshot id looks like 20261122T070409Z-rev1234')
  .brand<'SnapshotId'>();
export type SnapshotId = z.infer<typeof SnapshotId>;

/**
 * A database file that a person put into the cluster's backup directory, as it is named in a command: `file:etcd01.db`. Only the name of a
 * file: no slash and no dot in front, so no way out of that directory.
 */
export const SnapshotFileName = z
  .string()
  .regex(/^file:[A-Za-z0-9][A-Za-z0-9._-]{0,122}\.db$/, 'a file is named as file:NAME.db: letters, digits, dots, dashes and underscores')
  .brand<'SnapshotFileName'>();
export type SnapshotFileName = z.infer<typeof SnapshotFileName>;

/** A stored backup of API 2: the name of its file without the cluster and `.v2.tar.gz`, e.g. `20261122T070409Z-index5678`. */
export const V2BackupId = z
  .string()
  .regex(/^[0-9]{8}T[0-9]{6}Z-index[0-9]+$/, 'the id of a v2 backup looks like 20261122T070409Z-index5678')
  .brand<'V2BackupId'>();
export type V2BackupId = z.infer<typeof V2BackupId>;

/** Who asks or decides: a Slack user id (`U…`/`W…`). */
export const UserId = z
  .string()
  .regex(/^[UW][A-Z0-9]{2,20}$/, 'a Slack user id begins with U or W, e.g. U0ALICE')
  .brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;

/**
 * Makes the id of a new run.
 * @param procedure the procedure's id, e.g. `restore`
 * @param cluster the cluster it acts on
 * @param suffix six hex digits; handed in by tests
 */
export function newRunId(procedure: string, cluster: ClusterName, suffix = randomBytes(3).toString('hex')): RunId {
  return RunId.parse(`${procedure}-${cluster}-${suffix}`);
}
