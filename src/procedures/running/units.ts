/** What the hosts say of etcd's unit and data, all asked at once; a host that does not answer is a fact, not an error. */
import { isOpsError } from '../../errors.ts';
import type { DirFacts, Host, UnitState } from '../../host/host.ts';
import type { World } from '../world.ts';

/** A host as it was seen. */
export type HostState =
  | { readonly host: Host; readonly reachable: true; readonly unit: UnitState; readonly data: DirFacts }
  | { readonly host: Host; readonly reachable: false; readonly because: string };

/** A host that answered. */
export type ReachableHost = Extract<HostState, { readonly reachable: true }>;

/** Looks at every host of the cluster. */
export async function lookAtHosts({ hosts }: Pick<World, 'hosts'>): Promise<readonly HostState[]> {
  return Promise.all(hosts.map(lookAtHost));
}

async function lookAtHost(host: Host): Promise<HostState> {
  try {
    const [unit, data] = await Promise.all([host.unit(), host.dir('data')]);
    return { host, reachable: true, unit, data };
  } catch (error) {
    if (isOpsError(error)) return { host, reachable: false, because: error.message.replace(/\.$/, '') };
    throw error;
  }
}

/** Whether etcd's process runs there. */
export function runs(state: HostState): boolean {
  return state.reachable && state.unit.mainPid > 0;
}

/** Whether there is anything in the data-dir. */
export function hasData(state: HostState): boolean {
  return state.reachable && state.data.exists && !state.data.empty;
}

/** One sentence: unit and data-dir. */
export function stateInWords(state: HostState): string {
  if (!state.reachable) return `${state.host.member}: its host does not answer (${state.because}).`;
  const { host, unit, data } = state;
  const dir = !data.exists ? 'is missing' : data.empty ? 'is empty' : 'is there';
  return `${host.member}: etcd is ${unit.activeState}${unit.masked ? ' and masked' : ''}; ${data.path} ${dir}.`;
}
