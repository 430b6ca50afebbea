/** The state of one host in memory: its disk, its unit, and etcd's data. */
import type { MemberName } from '../../src/ids.ts';

/** A data-dir's content. */
export interface Data {
  readonly token: string;
  readonly keys: Map<string, { value: string; modRevision: bigint; version: bigint }>;
  revision: bigint;
  /** False while a restore was cut in the middle. */
  complete: boolean;
}

/** A host. */
export interface Machine {
  readonly member: MemberName;
  powered: boolean;
  unit: { active: boolean; masked: boolean };
  readonly dirs: Map<string, { identity: string; data: Data | undefined }>;
  /** Path to sha256. */
  readonly files: Map<string, string>;
  settings: { initialClusterState: 'new' | 'existing'; initialClusterToken: string };
  freeBytes: number;
  toolVersion: string;
  canBumpRevision: boolean;
}

/** All of a cluster's hosts and their shared facts. */
export interface Site {
  readonly machines: Map<MemberName, Machine>;
  readonly dataDir: string;
  nextInode: number;
}

/** Data as deep as a snapshot copies it. */
export function copyOf(data: Data): Data {
  return { ...data, keys: new Map([...data.keys].map(([key, value]) => [key, { ...value }])) };
}

/** The data a running etcd on this machine serves; undefined when none runs. */
export function servedBy(machine: Machine, site: Site): Data | undefined {
  if (!machine.powered || !machine.unit.active) return undefined;
  return machine.dirs.get(site.dataDir)?.data;
}

/** A new directory. */
export function makeDir(site: Site, data: Data | undefined): { identity: string; data: Data | undefined } {
  site.nextInode += 1;
  return { identity: `8:${site.nextInode}`, data };
}
