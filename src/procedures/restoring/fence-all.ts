/** Stops every member of a cluster and proves that none can come back, before anything is done to their data. */
import type { Approval } from '../../engine/approval.ts';
import { allOf } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import type { DestroyAct } from '../../host/host.ts';
import { inParallel } from '../in-parallel.ts';
import { leaderOf } from '../running/members.ts';
import type { World } from '../world.ts';

/** What it does on each host; a plan that shows it must have it of every host. */
export const fence = { act: 'fence' } as const satisfies DestroyAct;

/**
 * Stops and masks all, the followers first: a leader that is told to stop hands over to a follower, and waits for seconds when that one is
 * stopping too (`TransferLeadership`: https://github.com/etcd-io/etcd/blob/v3.5.16/server/etcdserver/server.go). Without followers it has nobody to
 * hand over to. An old member that ran on would split the cluster, so a host that is not proven stops everything.
 * @throws OpsError FENCE_FAILED, HOST_*
 */
export async function fenceAll({ hosts, etcd }: Pick<World, 'hosts' | 'etcd'>, approval: Approval): Promise<void> {
  const leader = leaderOf(await etcd.look())?.member;
  await inParallel(
    hosts.filter(({ member }) => member !== leader),
    (host) => host.destroy(fence, approval),
  );
  await inParallel(
    hosts.filter(({ member }) => member === leader),
    (host) => host.destroy(fence, approval),
  );
  const fenced = allOf(await Promise.all(hosts.map((host) => host.fenced())));
  if (!fenced.holds)
    throw new OpsError('FENCE_FAILED', `Not every member is proven to be stopped, so no data was touched: ${fenced.because}`);
}
