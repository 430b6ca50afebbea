/** Where a lab keeps its things on this machine, and how its interfaces and namespaces are called. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Images, and the disks of hosts: on a real disk, because tests write gigabytes. ETCD_MEDIC_LAB_CACHE moves it. */
export function cacheDir(): string {
  return process.env['ETCD_MEDIC_LAB_CACHE'] ?? '/var/cache/etcd-medic-lab';
}

/** One directory per lab that lives. */
export const stateRoot = '/run/etcd-medic-lab';

export interface LabPaths {
  readonly state: string;
  readonly stateFile: string;
  readonly pki: string;
  readonly ssh: string;
  /** Overlays of the hosts. */
  readonly disks: string;
}

export function labPaths(name: string): LabPaths {
  const state = join(stateRoot, name);
  return {
    state,
    stateFile: join(state, 'state.json'),
    pki: join(state, 'pki'),
    ssh: join(state, 'ssh'),
    disks: join(cacheDir(), 'disks', name),
  };
}

export interface HostPaths {
  /** The host's disk, as systemd-nspawn gets it. */
  readonly root: string;
  readonly upper: string;
  readonly work: string;
  /** Where its small file systems are mounted, when there are any. */
  readonly mounts: string;
  readonly pidFile: string;
  readonly consoleLog: string;
}

export function hostPaths(lab: string, host: string): HostPaths {
  const { disks, state } = labPaths(lab);
  const disk = join(disks, host);
  return {
    root: join(disk, 'root'),
    upper: join(disk, 'upper'),
    work: join(disk, 'work'),
    mounts: join(disk, 'mounts'),
    pidFile: join(state, `${host}.pid`),
    consoleLog: join(state, `${host}.console.log`),
  };
}

/** `lab-` and six hex digits: an interface's name has at most 15 characters, a lab's may have more. */
export function bridgeName(lab: string): string {
  return `lab-${createHash('sha256').update(lab).digest('hex').slice(0, 6)}`;
}

export function vethName(bridge: string, index: number): string {
  return `${bridge.slice(0, 12)}-${index}`;
}

export function netnsName(lab: string, host: string): string {
  return `lab-${lab}-${host}`;
}

/** @throws Error when it cannot be part of paths and names */
export function checkLabName(name: string): void {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`a lab's name is 1 to 31 lowercase letters, digits or dashes and begins with a letter; got ${JSON.stringify(name)}`);
}
