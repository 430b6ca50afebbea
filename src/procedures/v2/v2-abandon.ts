/** Ends a restore of API 2 that will not be carried on: force-new-cluster never stays behind, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { plural } from '../words.ts';
import type { World } from '../world.ts';

/** Removes what nobody needs any more on hosts whose data was not touched; the others are left as they are, and what lies where is said. */
export async function abandonV2Restore({ hosts, runId }: World): Promise<string> {
  const said = await Promise.all(hosts.map((host) => leave(host, runId)));
  const untouched = said.filter((sentence) => sentence === undefined).length;
  const tidy =
    untouched === 0 ? [] : [`On ${plural(untouched, 'host')} etcd and its data are as they were; what this run had put there is removed.`];
  return [...tidy, ...said.filter((sentence) => sentence !== undefined)].join('\n');
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
    await host.removeScratch(runId);
    await host.removeRestored(runId);
    if (!unit.masked) return undefined;
    return `${host.member}: etcd is stopped and masked, its data is as it was. To start it again: systemctl unmask ${host.unitName} && systemctl start ${host.unitName}.`;
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return `${host.member} could not be tidied up (${error.message}) By hand: see that /run/systemd/system/${host.unitName}.service.d holds no force-new-cluster, and, if ${aside} is not there: rm -rf ${snapshot} ${restored}.`;
  }
}
