/** The lab's certificates: one CA that etcd trusts and one that it does not, made with openssl. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import type { LabState } from './state.ts';
import { certificateNames } from './urls.ts';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Files on this machine. */
export interface Pki {
  /** The CA of servers, peers and clients. */
  readonly ca: string;
  /** A client certificate with CN=root: etcd takes it for the user root. */
  readonly root: KeyPair;
  /** A client certificate of the same CA that names no user of etcd. */
  readonly plain: KeyPair;
  /** CN=root, but of a CA that etcd does not trust. */
  readonly otherCa: KeyPair & { readonly ca: string };
  /** Server and peer certificate of each host, by host name. */
  readonly servers: Readonly<Record<string, KeyPair>>;
}

/** Where the files of a lab are; makes nothing. */
export function pkiPaths(dir: string, hostNames: readonly string[]): Pki {
  const pair = (name: string): KeyPair => ({ cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) });
  return {
    ca: join(dir, 'ca.pem'),
    root: pair('root'),
    plain: pair('plain'),
    otherCa: { ca: join(dir, 'other-ca.pem'), ...pair('other-ca-root') },
    servers: Object.fromEntries(hostNames.map((name) => [name, pair(name)])),
  };
}

/** Makes all of a lab's certificates: EC keys, because they take milliseconds. */
export async function makePki(dir: string, lab: Pick<LabState, 'site' | 'hosts'>): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  // An empty configuration: openssl's own adds CA:TRUE to whatever `req -x509` makes.
  await writeFile(join(dir, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
  await Promise.all([authority(dir, 'ca'), authority(dir, 'other-ca')]);
  await Promise.all([
    certificate(dir, { ca: 'ca', name: 'root', commonName: 'root' }),
    certificate(dir, { ca: 'ca', name: 'plain', commonName: 'monitoring' }),
    certificate(dir, { ca: 'other-ca', name: 'other-ca-root', commonName: 'root' }),
    ...lab.hosts.map(
      async (host) => await certificate(dir, { ca: 'ca', name: host.name, commonName: host.name, names: certificateNames(lab, host) }),
    ),
  ]);
}

const keyArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '3650'];

async function authority(dir: string, name: string): Promise<void> {
  await openssl(dir, name, [
    '-subj',
    `/CN=etcd-medic lab ${name}`,
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
    '-addext',
    'subjectKeyIdentifier=hash',
  ]);
}

interface Order {
  readonly ca: string;
  readonly name: string;
  readonly commonName: string;
  /** Subject alternative names; a certificate with some is a server's. */
  readonly names?: string;
}

async function certificate(dir: string, { ca, name, commonName, names }: Order): Promise<void> {
  // A peer is both: etcd uses one certificate to serve and to call the others.
  const use =
    names === undefined
      ? ['-addext', 'extendedKeyUsage=clientAuth']
      : ['-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', `subjectAltName=${names}`];
  await openssl(dir, name, [
    '-CA',
    join(dir, `${ca}.pem`),
    '-CAkey',
    join(dir, `${ca}.key`),
    '-subj',
    `/CN=${commonName}`,
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    ...use,
  ]);
}

async function openssl(dir: string, name: string, args: readonly string[]): Promise<void> {
  await run([
    'openssl',
    'req',
    '-x509',
    '-new',
    '-config',
    join(dir, 'openssl.cnf'),
    ...keyArgs,
    '-keyout',
    join(dir, `${name}.key`),
    '-out',
    join(dir, `${name}.pem`),
    ...args,
  ]);
}
