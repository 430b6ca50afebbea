/** Ends a restore that will not be carried on: what nobody needs any more is removed, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { Host, UnitState } from '../../host/host.ts';
import { plural } from '../words.ts';
import type { World } from '../world.ts';

/**
 * Removes the handed-out snapshot (it holds all data) and the restored copy, on hosts where the swap has not begun.
 * A host where it has begun is left as it is, and what lies where is said.
 */
export function abandonRestore(world: World): Promise<string> {
  return abandonEach(world, (host) => leave(host, world.runId));
}

/** @param leave tidies one host up, and gives what must be said of it; undefined when it is as it was before the run */
export async function abandonEach({ hosts }: Pick<World, 'hosts'>, leave: (host: Host) => Promise<string | undefined>): Promise<string> {
  const said = await Promise.all(hosts.map(leave));
  const untouched = said.filter((sentence) => sentence === undefined).length;
  const tidy =
    untouched === 0 ? [] : [`On ${plural(untouched, 'host')} etcd and its data are as they were; what this run had put there is removed.`];
  return [...tidy, ...said.filter((sentence) => sentence !== undefined)].join('\n');
}

/** Gives what must be said of the host; undefined when it is as it was before the run. */
async function leave(host: Host, runId: World['runId']): Promise<string | undefined> {
  const { aside, restored, snapshot } = host.paths(runId);
  try {
    const [old, unit] = await Promise.all([host.dir(aside), host.unit()]);
    return old.exists ? await swapBegun(host, runId) : await tidied(host, unit, runId);
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return `${host.member} could not be tidied up (${error.message}) By hand, if ${aside} is not there: rm -rf ${snapshot} ${restored}.`;
  }
}

/** Removes what this run has put on a host whose data it has not touched. @returns what must be said of it, if anything */
export async function tidied(host: Host, unit: Pick<UnitState, 'masked'>, runId: World['runId']): Promise<string | undefined> {
  await host.removeScratch(runId);
  await host.removeRestored(runId);
  if (!unit.masked) return undefined;
  return `${host.member}: etcd is stopped and masked, its data is as it was. To start it again: systemctl unmask ${host.unitName} && systemctl start ${host.unitName}.`;
}

async function swapBegun(host: Host, runId: World['runId']): Promise<string> {
  const { aside, restored } = host.paths(runId);
  const [present, next, unit, settings] = await Promise.all([
    host.dir(host.dataDir),
    host.dir(restored),
    host.unit(),
    host.configured({ initialClusterState: 'existing' }),
  ]);
  const where = [
    `the old data is in ${aside}`,
    next.exists ? `the restored data is in ${restored}` : `the restored data is in ${host.dataDir}`,
    ...(present.exists ? [] : [`there is no ${host.dataDir}`]),
  ];
  const stands = unit.masked ? `${unit.activeState} and masked` : unit.activeState;
  const state = settings.holds ? '' : ' etcd’s settings still have their initial-cluster-state: set it to existing.';
  return `${host.member}: etcd is ${stands}; ${where.join(', ')}. To go back: \`undo ${runId}\`; by hand: stop etcd, rename ${aside} to ${host.dataDir}, systemctl unmask ${host.unitName}, and start it on all members.${state}`;
}
