/** Everything on this machine that belongs to a lab: what a test compares with nothing after `down`. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { cgroupPids, cgroupsOf } from './cgroups.ts';
import { mountsUnder } from './disks.ts';
import { bridgeName, labPaths, netnsName } from './paths.ts';
import { range6Of } from './ranges.ts';
import { run } from './run.ts';
import { knownLabs, readState } from './state.ts';

export interface Traces {
  readonly mounts: readonly string[];
  readonly namespaces: readonly string[];
  readonly interfaces: readonly string[];
  readonly routes: readonly string[];
  readonly cgroups: readonly string[];
  readonly processes: readonly string[];
  readonly directories: readonly string[];
}

export const noTraces: Traces = { mounts: [], namespaces: [], interfaces: [], routes: [], cgroups: [], processes: [], directories: [] };

/**
 * Looks at the machine itself and not at the lab's state, which may be wrong.
 * @param range the lab's range, to find its routes by
 */
export async function tracesOf(name: string, range: string): Promise<Traces> {
  const { state, disks } = labPaths(name);
  const [links, routes, routes6] = await Promise.all([
    run(['ip', '-brief', 'link', 'show']),
    run(['ip', '-4', 'route', 'show', 'table', 'all']),
    run(['ip', '-6', 'route', 'show', 'table', 'all']),
  ]);
  const network = range.replace(/0\/24$/, '');
  const network6 = range6Of(bridgeName(name)).replace('/64', '');
  return {
    mounts: [...(await mountsUnder(disks)), ...(await mountsUnder(state))],
    namespaces: entries('/run/netns').filter((entry) => entry.startsWith(netnsName(name, ''))),
    interfaces: links.stdout.split('\n').filter((line) => line.startsWith(bridgeName(name))),
    routes: [
      ...((await isTaken(name, range)) ? [] : routes.stdout.split('\n').filter((line) => line.includes(network))),
      ...routes6.stdout.split('\n').filter((line) => line.includes(network6)),
    ],
    cgroups: cgroupsOf(name).filter((dir) => existsSync(dir)),
    processes: [...(await cgroupPids(name)).map((pid) => `${pid}`), ...processesNaming(name)],
    directories: [state, disks].filter((dir) => existsSync(dir)),
  };
}

/** Whether a lab that was made since has the range: its routes are not this one's, which would have kept it from taking the range. */
async function isTaken(name: string, range: string): Promise<boolean> {
  const others = await Promise.all(knownLabs().map(async (other) => (other === name ? undefined : await readState(other))));
  return others.some((state) => state?.range === range);
}

/** Processes that have the lab's paths or its keeper's arguments in their command line. */
function processesNaming(name: string): string[] {
  return entries('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const named =
        words.some((word) => word.includes(netnsName(name, ''))) || (words[1]?.endsWith('/keeper.ts') === true && words[2] === name);
      return named ? [`${pid} ${words.join(' ')}`] : [];
    } catch {
      return [];
    }
  });
}

function entries(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
