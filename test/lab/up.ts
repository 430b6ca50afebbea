/** Makes a lab: network, keys, disks, hosts, cluster. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startClusters, wantedPath } from './cluster.ts';
import { mountDisk } from './disks.ts';
import { makeDataDirs, suitImage, writeHostFiles } from './host-files.ts';
import { ensureImages } from './image.ts';
import type { Images } from './image.ts';
import { startKeeper } from './keeper.ts';
import type { Keeper } from './keeper.ts';
import { installDoor } from './door.ts';
import { makeNetwork } from './network.ts';
import type { NetworkProfile } from './network-profiles.ts';
import { ensurePackages } from './packages.ts';
import { bridgeName, checkLabName, hostPaths, labPaths, netnsName, vethName } from './paths.ts';
import { makePki } from './pki.ts';
import { powerOn } from './power.ts';
import { addressIn } from './ranges.ts';
import type { EtcdVersion } from './recipe.ts';
import { siteNamed } from './sites/index.ts';
import type { SiteName } from './sites/index.ts';
import { makeSshKeys } from './ssh-keys.ts';
import { readState, writeState } from './state.ts';
import type { HostState, LabState } from './state.ts';
import { downDeadLabs, isAlive, tearDown, withLabLock } from './teardown.ts';
import { siteOf } from './urls.ts';

export interface LabOptions {
  /** Lowercase letters, digits and dashes; one lab per name at a time. */
  readonly name: string;
  /** 3.4 (Debian bookworm) or 3.5 (trixie). */
  readonly etcd: EtcdVersion;
  readonly members: 1 | 3 | 5;
  /** How hosts and etcd are laid out (sites/); `plain` when not given. */
  readonly site?: SiteName;
  /** Hosts beside them, `spare01` …: booted, with certificates for their own address, etcd never started and in no cluster. */
  readonly spares?: number;
  /** A /24 that nothing on this machine overlaps; the first free test range when not given. */
  readonly range?: string;
  /** How fast its links are: as fast as this machine can when not given. */
  readonly network?: NetworkProfile;
  /** The bridge's name; made from the lab's name when not given. */
  readonly bridge?: string;
  /** Gives the directory above the data-dir (`/data/etcd`) a file system of its own of this size, in memory; `fill-disk` needs it. At least 128: an empty member takes 62 MiB, most of it the WAL it sets aside. */
  readonly dataDirSizeMiB?: number;
}

interface UpOptions extends LabOptions {
  /** Whose death is the lab's: this process's, or only `down`. */
  readonly owner: 'this process' | 'nobody';
}

export async function bringUp(options: UpOptions): Promise<{ state: LabState; keeper?: Keeper }> {
  const { name } = options;
  checkLabName(name);
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('the lab makes network namespaces and mounts: it needs Linux and root');
  checkSize(options);
  await ensurePackages();
  const images = await ensureImages(options.etcd, siteNamed(options.site ?? 'plain').release);
  await downDeadLabs();

  return await withLabLock(name, async () => {
    const previous = await readState(name);
    if (previous !== undefined && isAlive(previous)) {
      throw new Error(
        `the lab ${name} is up already, made ${previous.ownerPid === undefined ? 'from the command line' : `by process ${previous.ownerPid}`}; take it down first (npm run lab -- down --name ${name}) or use another name`,
      );
    }
    if (previous !== undefined) await tearDown(previous);

    const plan = planLab(options, images);
    // Also for a lab that is to stay: being killed half way must leave nothing.
    const keeper = startKeeper(name, plan.id);
    try {
      const state = await make(plan, options.range);
      if (options.owner === 'this process') return { state, keeper };
      await keeper.release();
      return { state };
    } catch (failure) {
      const left = await readState(name);
      if (left !== undefined) await tearDown(left);
      await keeper.release();
      throw failure;
    }
  });
}

function checkSize({ site = 'plain', dataDirSizeMiB }: UpOptions): void {
  if (dataDirSizeMiB === undefined) return;
  if (!(dataDirSizeMiB >= 128)) throw new Error('a data-dir needs at least 128 MiB: an empty member takes 62');
  const { etcds, ownDirs, mounts } = siteNamed(site);
  if (mounts.length > 0 || !ownDirs.includes(dirname(etcds[0].dataDir)))
    throw new Error(`the site ${site} has no directory for a small file system: what is above its data-dir is not etcd's alone`);
}

/** Everything of a lab that is known before its range is. */
function planLab(
  { name, etcd, members, site = 'plain', spares = 0, network = 'plain', bridge = bridgeName(name), dataDirSizeMiB, owner }: UpOptions,
  { image, shipped }: Images,
): LabState {
  const roles = [
    ...numbered('etcd', members).map((host) => ({ host })),
    ...numbered('spare', spares).map((host) => ({ host, spare: true })),
    ...(siteNamed(site).bastion ? [{ host: 'bastion01', bastion: true }] : []),
  ];
  const hosts = roles.map(({ host, ...role }, index): HostState => ({
    name: host,
    address: '',
    netns: netnsName(name, host),
    veth: vethName(bridge, index + 1),
    ...role,
  }));
  return {
    id: randomBytes(8).toString('hex'),
    name,
    etcd,
    site,
    image,
    shipped,
    range: '',
    bridge,
    network,
    ...(dataDirSizeMiB === undefined ? {} : { dataDirSizeMiB }),
    rootPassword: randomBytes(12).toString('hex'),
    hosts,
    ...(owner === 'this process' ? { ownerPid: process.pid } : {}),
    ready: false,
  };
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}0${index + 1}`);

async function make(plan: LabState, asked: string | undefined): Promise<LabState> {
  const { state: dir, pki, ssh } = labPaths(plan.name);
  const ipv6 = siteOf(plan).ipv6 ? plan.bridge : undefined;
  const state = await makeNetwork(asked, ipv6, async (ranges) => {
    const { range, range6 = range } = ranges;
    const addressed: LabState = {
      ...plan,
      ...ranges,
      hosts: plan.hosts.map((host, index) => ({ ...host, address: addressIn(range6, 31 + index) })),
    };
    // Written before anything exists: whoever finds a half-made lab can remove it.
    await mkdir(dir, { recursive: true, mode: 0o755 });
    await writeState(addressed);
    return addressed;
  });
  await Promise.all([makePki(pki, state), makeSshKeys(ssh, state.hosts)]);
  await Promise.all(
    state.hosts.map(async (host) => {
      await mountDisk(state, host);
      await suitImage(state, host);
      await writeHostFiles(state, host);
      await makeDataDirs(state, host);
      // The members are started one by one, once the hosts are up.
      await rm(join(hostPaths(state.name, host.name).root, wantedPath('etcd')), { force: true });
      await powerOn(state, host);
      if (host.bastion !== true) await installDoor(state, host);
    }),
  );
  await startClusters(state);
  const ready = { ...state, ready: true };
  await writeState(ready);
  return ready;
}
