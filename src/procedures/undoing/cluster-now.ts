/** What the cluster says of itself before and after an undo: as which one it serves, and who belongs to it. */
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { ClusterId, MemberName } from '../../ids.ts';
import { hasPeerUrl } from '../replacing/which-member.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** Of those that answer; undefined when none does, or they are not of one mind. */
export function clusterIdOf({ endpoints }: Pick<ClusterLook, 'endpoints'>): ClusterId | undefined {
  const ids = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.clusterId] : [])));
  return ids.size === 1 ? [...ids][0] : undefined;
}

/** A member that took no part, or is not known here, would run on beside the cluster that comes back. */
export function strangers(
  { leftOut }: { readonly leftOut: readonly MemberName[] },
  { members }: Pick<ClusterLook, 'members'>,
  on: World,
): string | undefined {
  if (members === undefined) {
    return leftOut.length === 0
      ? undefined
      : `Nobody says who belongs to ${on.cluster.name} now, so it cannot be seen whether ${list(leftOut)} ${leftOut.length === 1 ? 'has' : 'have'} joined it since.`;
  }
  const strange = members.filter((row) => !on.cluster.members.some(({ peerUrl }) => hasPeerUrl(row, peerUrl)));
  if (strange.length === 0) return undefined;
  return `${list(strange.map(({ name, memberId }) => (name === '' ? memberId : `${name} (${memberId})`)))} ${strange.length === 1 ? 'is a member' : 'are members'} of ${on.cluster.name} now and took no part in that run: the members have changed since.`;
}
