/** What makes an image into one host of one cluster: its names, keys, certificates and etcd's settings. */
import { chmod, chown, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bastionOf, jumpKey, jumpUser, packetFilter } from './bastion.ts';
import { fromOutside } from './disks.ts';
import type { HostFile } from './layouts.ts';
import { hostPaths, labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import { put, userOf } from './put.ts';
import type { Wanted } from './put.ts';
import { run } from './run.ts';
import type { Settings } from './settings.ts';
import type { EtcdPlace } from './site.ts';
import { hostKey } from './ssh-keys.ts';
import { membersOf } from './state.ts';
import type { HostState, LabState } from './state.ts';
import { etcdUrls, hostsFile, memberName, peerUrl, siteOf } from './urls.ts';

/** etcd's settings as they are when the cluster is new. */
function newSettings(lab: LabState, host: HostState, etcd: EtcdPlace): Settings {
  const { ca, cert, key } = etcd.certificates(host);
  return new Map(
    Object.entries({
      name: memberName(host, etcd),
      'data-dir': etcd.dataDir,
      ...(etcd.walDir === undefined ? {} : { 'wal-dir': etcd.walDir }),
      ...etcdUrls(lab, host, etcd),
      'initial-cluster': membersOf(lab)
        .map((member) => `${memberName(member, etcd)}=${peerUrl(lab, member, etcd)}`)
        .join(','),
      'initial-cluster-state': 'new',
      'initial-cluster-token': etcd.token,
      'cert-file': cert,
      'key-file': key,
      'trusted-ca-file': ca,
      'client-cert-auth': 'true',
      'peer-cert-file': cert,
      'peer-key-file': key,
      'peer-trusted-ca-file': ca,
      'peer-client-cert-auth': 'true',
      // The v2 API is off by default in 3.4 and on its way out in 3.5.
      ...(lab.etcd === '3.4' ? { 'enable-v2': 'true' } : {}),
      ...(process.arch === 'arm64' ? { 'unsupported-arch': 'arm64' } : {}),
    }),
  );
}

/** The files that tell the etcds of a host their settings, units among them. */
export function etcdFiles(lab: LabState, host: HostState): readonly HostFile[] {
  if (host.bastion === true) return [];
  return siteOf(lab).etcds.flatMap((etcd) => etcd.layout({ ...etcd, settings: newSettings(lab, host, etcd) }));
}

/**
 * Writes all files of a host onto its disk. May be done again while the host runs: it puts back what a test changed.
 * @returns the paths on the host of what had to be written
 */
export async function writeHostFiles(lab: LabState, host: HostState): Promise<readonly string[]> {
  const { root } = hostPaths(lab.name, host.name);
  const wanted = new Map<string, Wanted>([
    ['/etc/hostname', { content: `${host.name}\n`, mode: 0o644 }],
    ['/etc/hosts', { content: hostsFile(lab), mode: 0o644 }],
    ['/etc/ssh/ssh_host_ed25519_key', { content: await readFile(hostKey(labPaths(lab.name).ssh, host.name)), mode: 0o600 }],
    ...(host.bastion === true ? await bastionFiles(lab, host) : await memberFiles(lab, host)),
  ]);
  const changed = [];
  for (const [path, file] of wanted) if (await put(join(root, path), file)) changed.push(path);
  return changed;
}

type Files = readonly (readonly [string, Wanted])[];

async function bastionFiles(lab: LabState, host: HostState): Promise<Files> {
  const { path, user, content } = await jumpKey(lab);
  return [[path, { content, mode: 0o600, owner: await userOf(hostPaths(lab.name, host.name).root, user) }]];
}

async function memberFiles(lab: LabState, host: HostState): Promise<Files> {
  const { root } = hostPaths(lab.name, host.name);
  const { files, etcds } = siteOf(lab);
  const bastion = bastionOf(lab);
  const texts = [...files, ...etcdFiles(lab, host), ...(bastion === undefined ? [] : [packetFilter(bastion)])];
  const pki = pkiPaths(labPaths(lab.name).pki, [host.name]);
  const server = pki.servers[host.name];
  if (server === undefined) throw new Error(`no server certificate for ${host.name}`);
  const certificates = etcds.map(async (etcd): Promise<Files> => {
    const owner = await userOf(root, etcd.user);
    const { ca, cert, key } = etcd.certificates(host);
    return [
      [ca, { content: await readFile(pki.ca), mode: 0o644, owner }],
      [cert, { content: await readFile(server.cert), mode: 0o644, owner }],
      [key, { content: await readFile(server.key), mode: 0o600, owner }],
    ];
  });
  return [...texts.map(({ path, text }) => [path, { content: text, mode: 0o644 }] as const), ...(await Promise.all(certificates)).flat()];
}

/** Takes away what the image has and the site has not, and enables what the site needs. Only on a new disk: the host is off. */
export async function suitImage(lab: LabState, host: HostState): Promise<void> {
  const { root } = hostPaths(lab.name, host.name);
  const { absent, etcds } = siteOf(lab);
  // A directory that the image has cannot be renamed on an overlay (EXDEV), as it can on any disk: the lab makes data-dirs of its own.
  for (const path of [...absent, ...etcds.map(({ dataDir }) => dataDir)]) await rm(join(root, path), { recursive: true, force: true });
  if (host.bastion === true) await run(['chroot', root, 'useradd', '--create-home', '--shell', '/bin/sh', '--password', '*', jumpUser]);
  // What `systemctl enable nftables` makes.
  if (bastionOf(lab) !== undefined && host.bastion !== true)
    await symlink('/usr/lib/systemd/system/nftables.service', join(root, '/etc/systemd/system/sysinit.target.wants/nftables.service'));
  for (const programs of new Set(etcds.map((etcd) => etcd.programs))) {
    if (programs === '/usr/bin') continue;
    for (const name of await readdir(join(root, '/usr/bin')))
      if (/^etcd(ctl|utl)?$/.test(name)) await rename(join(root, '/usr/bin', name), join(root, programs, name));
  }
}

/** Empty data-dirs and wal-dirs, as a package or an administrator leaves them. */
export async function makeDataDirs(lab: LabState, host: HostState): Promise<void> {
  if (host.bastion === true) return;
  const { root } = hostPaths(lab.name, host.name);
  for (const { user, dataDir, walDir } of siteOf(lab).etcds) {
    const owner = await userOf(root, user);
    const own = async (dir: string) => await chown(dir, owner.uid, owner.gid);
    if (lab.dataDirSizeMiB !== undefined) await own(fromOutside(lab, host, dirname(dataDir)));
    // etcd makes a WAL beside its directory and renames it.
    if (walDir !== undefined) await own(fromOutside(lab, host, dirname(walDir)));
    for (const path of [dataDir, ...(walDir === undefined ? [] : [walDir])]) {
      const dir = fromOutside(lab, host, path);
      await mkdir(dir, { recursive: true });
      await own(dir);
      await chmod(dir, 0o700);
    }
  }
}
