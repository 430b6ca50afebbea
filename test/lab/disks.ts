/** A host's disk: an overlay on the image, and on demand a small file system for the data-dir. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPaths, labPaths } from './paths.ts';
import { attempt, run } from './run.ts';
import type { HostState, LabState } from './state.ts';

/** Mounts a fresh disk. */
export async function mountDisk(lab: LabState, host: HostState): Promise<void> {
  const { root, upper, work, data } = hostPaths(lab.name, host.name);
  await mkdir(root, { recursive: true });
  await Promise.all([mkdir(upper, { recursive: true, mode: 0o755 }), mkdir(work, { recursive: true })]);
  await run(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${lab.image},upperdir=${upper},workdir=${work}`, root]);
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  if (lab.dataDirSizeMiB === undefined) return;

  // Mounted out here and bound into the host, so that it keeps its content while the host has no power.
  await mkdir(data, { recursive: true });
  await run(['mount', '-t', 'tmpfs', 'etcd-medic-lab', '-o', `size=${lab.dataDirSizeMiB}m,mode=0755`, data]);
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
