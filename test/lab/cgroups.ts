/** A cgroup per host, and one for the links: they keep systemd-nspawn's tree apart from this machine's, and name every process the lab started. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

interface Layout {
  /** The hierarchies a host's processes are put into. */
  readonly hierarchies: readonly string[];
  /** What systemd-nspawn must be told for the systemd inside to find its way. */
  readonly env: Readonly<Record<string, string>>;
  readonly initArgs: readonly string[];
}

/** How this machine has cgroups: only v2, both, or only v1. */
export function cgroupLayout(root = '/sys/fs/cgroup'): Layout {
  if (existsSync(join(root, 'cgroup.controllers'))) return { hierarchies: [root], env: {}, initArgs: [] };
  if (existsSync(join(root, 'unified', 'cgroup.procs'))) {
    // The controllers are bound to v1, but a v2 tree without any is all the systemd of either release needs.
    return { hierarchies: [join(root, 'unified'), join(root, 'systemd')], env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' }, initArgs: [] };
  }
  // systemd 256 and later wants to be told twice; bookworm's ignores the second argument.
  return {
    hierarchies: [join(root, 'systemd')],
    env: {},
    initArgs: ['systemd.unified_cgroup_hierarchy=0', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'],
  };
}

/** The top cgroups of a lab, one per hierarchy, there or not. */
export function cgroupsOf(lab: string): string[] {
  return cgroupLayout().hierarchies.map((hierarchy) => join(hierarchy, 'etcd-medic-lab', lab));
}

/** Of all that carries frames between the hosts. No host has this name. */
export const linksCgroup = 'links';

/** Makes the cgroups of a host, or of the links, and gives the files a process writes its pid to in order to be in them. */
export async function makeCgroups(lab: string, name: string): Promise<string[]> {
  const dirs = cgroupsOf(lab).map((dir) => join(dir, name));
  for (const dir of dirs) await mkdir(dir, { recursive: true });
  return dirs.map((dir) => join(dir, 'cgroup.procs'));
}

/** A script for /bin/sh: puts itself into the cgroups given before `--`, then becomes the command after it. */
export const joinAndExec = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"';

/** Only ever called with pids read from the lab's own cgroups. */
export function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure;
  }
}

/** Every process of a lab, or of one of its hosts, whatever started it. */
export async function cgroupPids(lab: string, host?: string): Promise<number[]> {
  const pids = new Set<number>();
  for (const dir of cgroupsOf(lab)) {
    for (const each of await tree(host === undefined ? dir : join(dir, host))) {
      const text = await readFile(join(each, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const line of text.split('\n')) if (Number(line) > 1) pids.add(Number(line));
    }
  }
  return [...pids];
}

/** Removes what is left of a lab's cgroups, or of one host's, once their processes are gone. */
export async function removeCgroups(lab: string, host?: string): Promise<void> {
  for (const dir of cgroupsOf(lab)) {
    for (const each of (await tree(host === undefined ? dir : join(dir, host))).toReversed()) await rmdir(each).catch(() => undefined);
    // The parent of all labs goes with the last one; rmdir refuses while another lab is in it.
    if (host === undefined) await rmdir(join(dir, '..')).catch(() => undefined);
  }
}

/** A directory and all below it, parents first. */
async function tree(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const below = await Promise.all(entries.filter((entry) => entry.isDirectory()).map(async (entry) => await tree(join(dir, entry.name))));
  return [dir, ...below.flat()];
}
