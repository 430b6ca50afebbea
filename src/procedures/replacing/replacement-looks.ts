/** What a replacement looks at before it removes anybody. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import { hostReady, placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { clusterAllows, nameOf } from './safe-to-replace.ts';
import { joiningOf, oldHostSilent } from './settle-replacement.ts';
import { list } from '../../engine/words.ts';
import { lookPatiently } from '../running/patience.ts';
import { goneInWords } from '../restoring/stored.ts';
import type { World } from '../world.ts';

/** What the run is about to do, in a sentence. */
export function summaryOf({ member, removes, joins, peerUrl, newHost }: PreparedReplacement): string {
  const gone = removes.length === 0 ? `${member} is not a voter now` : `Remove ${list(removes.map(nameOf))}`;
  const comes = {
    anew: `add ${member} at ${peerUrl}${newHost ? ', a new host,' : ''} as a learner`,
    'waiting-learner': `take up the learner that is waiting at ${peerUrl}`,
    'running-learner': `take up the learner that runs at ${peerUrl}`,
  }[joins];
  return `${gone}; ${comes} and promote it`;
}

/** The cluster can do without whom it removes, and can take another in. */
export async function safe(prepared: PreparedReplacement, world: World): Promise<Finding> {
  const { among, member } = prepared;
  const look = await lookPatiently(
    world,
    among.filter((name) => name !== member),
  );
  const finding = allOf([clusterAllows({ ...prepared, cluster: world.cluster.name }, look), await oldHostSilent(prepared, world)]);
  return finding.holds ? holds(`${summaryOf(prepared)}. ${look.quorum.sentence}`) : finding;
}

/** The cluster once more where a member that stays is slow for a moment, which voids no approval; for one that is to go nobody waits. */
export function lookAtStaying({ among, member }: PreparedReplacement, world: World): Promise<ClusterLook> {
  return lookPatiently(
    world,
    among.filter((name) => name !== member),
    2,
  );
}

/** The host can join. */
export async function ready(prepared: PreparedReplacement, world: World): Promise<Finding> {
  return hostReady(joiningOf(prepared, await lookPatiently(world, prepared.among)), world);
}

/** Asked once more before the removal: what was looked at before stays as it is; a host that went down meanwhile could take nobody in. */
export async function hostAnswers({ member }: PreparedReplacement, world: World): Promise<Finding> {
  try {
    await placeOf(world, member).host.unit();
    return holds();
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}

/** The snapshot that was taken first is there. */
export async function saved({ snapshots, runId }: World): Promise<Finding> {
  return (await snapshots.takenBy(runId)) === undefined ? fails(await goneInWords(snapshots, 'The snapshot that this run took')) : holds();
}
