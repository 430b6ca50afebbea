/** What people are told of API 2 in more than one place. */

/** The runbook's finding, which decides what may be put back. */
export const mixedReason =
  'it holds data of API 3, and a backup of API 2 with data of API 3 in it cannot be restored: the log and the database in it do not count alike, so writes of API 3 are lost or etcd does not start. The two are never mixed: API 3 is saved by `backup` and put back by `restore`';

/** Where a backup of API 2 stands in a sentence. */
export function v2BackupInWords({ member, raftIndex }: { readonly member: string; readonly raftIndex: bigint }): string {
  return raftIndex === 0n ? `made of ${member} while it was stopped` : `made of ${member}, with all up to raft index ${raftIndex}`;
}
