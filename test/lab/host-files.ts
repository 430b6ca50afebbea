/** What makes an image into one host of one cluster: its names, keys, certificates and etcd's settings. What the bot needs comes from kit.ts. */
import { chmod, chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostPaths, labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import { hostKey } from './ssh-keys.ts';
import { membersOf } from './state.ts';
import type { HostState, LabState } from './state.ts';

export const dataDir = '/data/etcd/data';
export const environmentFile = '/etc/default/etcd';

export const clientUrl = (address: string): string => `https://${address}:2379`;
export const peerUrl = (address: string): string => `https://${address}:2380`;

/** etcd's settings as they are when the cluster is new. */
export function etcdEnvironment(lab: LabState, { name, address }: HostState): string {
  const settings: Record<string, string> = {
    ETCD_NAME: name,
    ETCD_DATA_DIR: dataDir,
    ETCD_LISTEN_CLIENT_URLS: `${clientUrl(address)},${clientUrl('127.0.0.1')}`,
    ETCD_ADVERTISE_CLIENT_URLS: clientUrl(address),
    ETCD_LISTEN_PEER_URLS: peerUrl(address),
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl(address),
    ETCD_INITIAL_CLUSTER: membersOf(lab)
      .map((host) => `${host.name}=${peerUrl(host.address)}`)
      .join(','),
    ETCD_INITIAL_CLUSTER_STATE: 'new',
    ETCD_INITIAL_CLUSTER_TOKEN: 'etcd-cluster',
    ETCD_CERT_FILE: '/etc/etcd/pki/server.pem',
    ETCD_KEY_FILE: '/etc/etcd/pki/server.key',
    ETCD_TRUSTED_CA_FILE: '/etc/etcd/pki/ca.pem',
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_FILE: '/etc/etcd/pki/server.pem',
    ETCD_PEER_KEY_FILE: '/etc/etcd/pki/server.key',
    ETCD_PEER_TRUSTED_CA_FILE: '/etc/etcd/pki/ca.pem',
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
    // The v2 API is off by default in 3.4 and on its way out in 3.5.
    ...(lab.etcd === '3.4' ? { ETCD_ENABLE_V2: 'true' } : {}),
    ...(process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {}),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

/** Writes all files of a host onto its disk. May be done again while the host runs: it puts back what a test changed. */
export async function writeHostFiles(lab: LabState, host: HostState): Promise<void> {
  const { root } = hostPaths(lab.name, host.name);
  const { pki: pkiDir, ssh: sshDir } = labPaths(lab.name);
  const pki = pkiPaths(pkiDir, [host.name]);
  const server = pki.servers[host.name];
  if (server === undefined) throw new Error(`no server certificate for ${host.name}`);
  const etcdUser = await userOf(root, 'etcd');
  const write = async (path: string, text: string, mode: number, owner: Owner = rootUser) =>
    await put(join(root, path), owner, mode, async (to) => await writeFile(to, text));
  const copy = async (path: string, from: string, mode: number, owner: Owner = rootUser) =>
    await put(join(root, path), owner, mode, async (to) => await copyFile(from, to));

  await write('/etc/hostname', `${host.name}\n`, 0o644);
  await write('/etc/hosts', ['127.0.0.1 localhost', ...lab.hosts.map(({ address, name }) => `${address} ${name}`), ''].join('\n'), 0o644);
  await write(environmentFile, etcdEnvironment(lab, host), 0o644);
  await copy('/etc/etcd/pki/ca.pem', pki.ca, 0o644, etcdUser);
  await copy('/etc/etcd/pki/server.pem', server.cert, 0o644, etcdUser);
  await copy('/etc/etcd/pki/server.key', server.key, 0o600, etcdUser);
  await copy('/etc/ssh/ssh_host_ed25519_key', hostKey(sshDir, host.name), 0o600);
}

/** An empty data-dir, as a package or an administrator leaves it. */
export async function makeDataDir(lab: LabState, host: HostState): Promise<void> {
  const { root, data } = hostPaths(lab.name, host.name);
  const owner = await userOf(root, 'etcd');
  const parent = lab.dataDirSizeMiB === undefined ? join(root, dirname(dataDir)) : data;
  const dir = join(parent, 'data');
  await chown(parent, owner.uid, owner.gid);
  await mkdir(dir, { recursive: true });
  await chown(dir, owner.uid, owner.gid);
  await chmod(dir, 0o700);
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}
const rootUser: Owner = { uid: 0, gid: 0 };

/** A user's ids in the image: they are not those of this machine. */
async function userOf(root: string, name: string): Promise<Owner> {
  const line = (await readFile(join(root, 'etc/passwd'), 'utf8')).split('\n').find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`the image has no user ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}

async function put(path: string, { uid, gid }: Owner, mode: number, write: (path: string) => Promise<void>): Promise<void> {
  await write(path);
  await chown(path, uid, gid);
  await chmod(path, mode);
}
