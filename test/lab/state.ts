/** What is written down about a lab that lives, so that any process can find it, use it and take it down. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import type { NetworkProfile } from './network-profiles.ts';
import { labPaths, stateRoot } from './paths.ts';
import type { EtcdVersion } from './recipe.ts';
import type { SiteName } from './sites/index.ts';

export interface HostState {
  readonly name: string;
  readonly address: string;
  readonly netns: string;
  /** The near end of its cable, a port of the bridge; the far end is `host0` in its namespace. */
  readonly veth: string;
  /** Not a member at first: it may take a member's place. */
  readonly spare?: boolean;
  /** Has no etcd; ssh to the others goes through it. */
  readonly bastion?: boolean;
}

export interface LabState {
  /** Tells this lab from an earlier or later one of the same name. */
  readonly id: string;
  readonly name: string;
  readonly etcd: EtcdVersion;
  readonly site: SiteName;
  readonly image: string;
  /** The image of the release that ships this etcd. */
  readonly shipped: string;
  /** e.g. `198.51.100.0/24`. */
  readonly range: string;
  /** e.g. `2001:db8:1:2::/64`, where hosts have IPv6 addresses. */
  readonly range6?: string;
  readonly bridge: string;
  readonly network: NetworkProfile;
  readonly dataDirSizeMiB?: number;
  readonly rootPassword: string;
  /** The members, then the spares, then the bastion. */
  readonly hosts: readonly HostState[];
  /** The process the lab dies with; none for a lab made from the command line. */
  readonly ownerPid?: number;
  /** `false` until it is up: such a lab is not to be used. */
  readonly ready: boolean;
}

/** The hosts that are the cluster when it is new. */
export function membersOf({ hosts }: Pick<LabState, 'hosts'>): readonly HostState[] {
  return hosts.filter(({ spare, bastion }) => spare !== true && bastion !== true);
}

export async function writeState(state: LabState): Promise<void> {
  const { state: dir, stateFile } = labPaths(state.name);
  await mkdir(dir, { recursive: true });
  const next = `${stateFile}.next`;
  await writeFile(next, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(next, stateFile);
}

/** Gives what is known of a lab; undefined when there is none of that name. */
export async function readState(name: string): Promise<LabState | undefined> {
  try {
    return JSON.parse(await readFile(labPaths(name).stateFile, 'utf8')) as LabState;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failure;
  }
}

/** All labs that are written down, alive or left behind. */
export function knownLabs(): string[] {
  try {
    return readdirSync(stateRoot, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

/** The pid in a pid file; undefined when there is no file. */
export function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
