/** How much of its cluster's log a member has applied, compared with the others. */
import type { EndpointStatus } from '../../etcd/etcd.ts';

/** How far a follower's applied raft index may be behind the highest and still count as caught up. */
export const caughtUpWithin = 100n;

/**
 * Sorts the one that has applied most to the front. Only what is committed is applied, and of what is committed the members of a cluster never
 * differ, so it has all that the others have applied. The raft term says nothing of that: a member that is cut off raises its own with each
 * election that it calls in vain (etcd 3.4 does so unless `--pre-vote` is set).
 * @see https://raft.github.io/raft.pdf (5.4, State Machine Safety)
 */
export function mostAppliedFirst(
  a: Pick<EndpointStatus, 'raftAppliedIndex' | 'raftTerm'>,
  b: Pick<EndpointStatus, 'raftAppliedIndex' | 'raftTerm'>,
): number {
  return descending(a.raftAppliedIndex, b.raftAppliedIndex) || descending(a.raftTerm, b.raftTerm);
}

function descending(a: bigint, b: bigint): number {
  return a < b ? 1 : a > b ? -1 : 0;
}
