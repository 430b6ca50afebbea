/** A host's disk: an overlay on the image, and the small file systems that its site has or that a lab is asked for. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostPaths, labPaths } from './paths.ts';
import { attempt, run } from './run.ts';
import type { SiteMount } from './site.ts';
import type { HostState, LabState } from './state.ts';
import { etcdOf, siteOf } from './urls.ts';

type Disks = Pick<LabState, 'name' | 'site' | 'dataDirSizeMiB'>;

/** The small file systems of each host. */
export function mountsOf(lab: Disks): readonly SiteMount[] {
  const { mounts } = siteOf(lab);
  if (lab.dataDirSizeMiB === undefined) return mounts;
  return [...mounts, { path: dirname(etcdOf(lab).dataDir), sizeMiB: lab.dataDirSizeMiB }];
}

/** The mount a path of a host lies in; undefined when that is the host's root. */
export function mountHolding(lab: Disks, path: string): SiteMount | undefined {
  return mountsOf(lab).find((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
}

/** Where a path of a host is on this machine, whether or not the host is on. */
export function fromOutside(lab: Disks, host: HostState, path: string): string {
  const mount = mountHolding(lab, path);
  if (mount === undefined) return join(hostPaths(lab.name, host.name).root, path);
  return join(mountPoint(lab, host, mount), path.slice(mount.path.length));
}

/** Where systemd-nspawn finds a small file system. */
export function mountPoint(lab: Pick<LabState, 'name'>, host: HostState, { path }: SiteMount): string {
  return join(hostPaths(lab.name, host.name).mounts, path.slice(1).replaceAll('/', '-'));
}

/** Mounts a fresh disk. */
export async function mountDisk(lab: LabState, host: HostState): Promise<void> {
  const { root, upper, work } = hostPaths(lab.name, host.name);
  await mkdir(root, { recursive: true });
  await Promise.all([mkdir(upper, { recursive: true, mode: 0o755 }), mkdir(work, { recursive: true })]);
  await run(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${lab.image},upperdir=${upper},workdir=${work}`, root]);
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  for (const mount of mountsOf(lab)) {
    // Mounted out here and bound into the host, so that it keeps its content while the host has no power.
    const point = mountPoint(lab, host, mount);
    await mkdir(point, { recursive: true });
    await run(['mount', '-t', 'tmpfs', 'etcd-medic-lab', '-o', `size=${mount.sizeMiB}m,mode=0755`, point]);
    if (mount.lostAndFound === true) await mkdir(join(point, 'lost+found'), { mode: 0o700 });
  }
}

/** Unmounts and deletes all disks of a lab, whatever was mounted in them. */
export async function removeDisks(lab: string): Promise<void> {
  const { disks } = labPaths(lab);
  for (const point of (await mountsUnder(disks)).toReversed()) {
    if (!(await attempt(['umount', point]))) await attempt(['umount', '--lazy', point]);
  }
  // Never delete through a mount that would not go: it could be an image.
  const left = await mountsUnder(disks);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(' ')}`);
  await rm(disks, { recursive: true, force: true });
}

/** Mount points in or below a directory, in the order they were mounted. */
export async function mountsUnder(dir: string): Promise<string[]> {
  const points = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point === dir || point.startsWith(`${dir}/`));
}
