/** Ends a restore of API 2 that will not be carried on: force-new-cluster never stays behind, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { abandonEach, tidied } from '../restoring/abandon-restore.ts';
import type { World } from '../world.ts';

/** Removes what nobody needs any more on hosts whose data was not touched; the others are left as they are, and what lies where is said. */
export function abandonV2Restore(world: World): Promise<string> {
  return abandonEach(world, (host) => leave(host, world.runId));
}

/** Gives what must be said of the host; undefined when it is as it was before the run. */
async function leave(host: Host, runId: World['runId']): Promise<string | undefined> {
  const { aside, restored, snapshot } = host.paths(runId);
  try {
    const { inUnit, inProcess } = await host.v2.force();
    if (inUnit || inProcess === true) await host.v2.clearForce();
    const [old, unit] = await Promise.all([host.dir(aside), host.unit()]);
    if (old.exists) {
      const stands = unit.masked ? `${unit.activeState} and masked` : unit.activeState;
      return `${host.member}: etcd is ${stands}; the old data is in ${aside}. To go back by hand, on all members: stop etcd, move ${host.dataDir} out of the way, rename ${aside} to ${host.dataDir}, systemctl unmask ${host.unitName}, and start it.`;
    }
    return await tidied(host, unit, runId);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return `${host.member} could not be tidied up (${error.message}) By hand: see that /run/systemd/system/${host.unitName}.service.d holds no force-new-cluster, and, if ${aside} is not there: rm -rf ${snapshot} ${restored}.`;
  }
}
