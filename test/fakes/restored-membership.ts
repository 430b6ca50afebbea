/** The membership of a cluster in memory that was restored from a snapshot. */
import { OpsError } from '../../src/errors.ts';
import type { RestoreOrder } from '../../src/host/host.ts';
import type { MemberId } from '../../src/ids.ts';
import type { Site } from './machine.ts';
import { makeMembership } from './membership.ts';

/** All members restored with one token belong to one new cluster. */
export function joinRestored(site: Site, order: Pick<RestoreOrder, 'initialCluster' | 'initialClusterToken' | 'memberName'>): MemberId {
  const members = order.initialCluster.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), peerUrl: pair.slice(at + 1) };
  });
  const membership = site.memberships.get(order.initialClusterToken) ?? makeMembership(members, 'b');
  site.memberships.set(order.initialClusterToken, membership);
  const row = [...membership.members.values()].find(({ name }) => name === order.memberName);
  if (row === undefined) throw new OpsError('HOST_COMMAND_FAILED', `${order.memberName} is not in the initial cluster.`);
  return row.memberId;
}
