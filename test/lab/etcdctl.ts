/** etcdctl on this machine, as the user root of etcd, against the lab's cluster. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { librariesOf } from './image.ts';
import { labPaths } from './paths.ts';
import { pkiPaths } from './pki.ts';
import type { KeyPair } from './pki.ts';
import { run } from './run.ts';
import type { Answer, RunOptions } from './run.ts';
import { membersOf } from './state.ts';
import type { LabState } from './state.ts';
import { clientUrl, etcdOf } from './urls.ts';

export interface EtcdctlOptions extends RunOptions {
  /** The cluster of that unit, where a site has several; the first one when not given. */
  readonly unit?: string;
  /** All members' client URLs when not given. */
  readonly endpoints?: readonly string[];
  /** The certificate with CN=root when not given. */
  readonly client?: KeyPair;
  /** 2 speaks the v2 API (etcd 3.4 only). */
  readonly api?: 2 | 3;
}

/** Runs the image's own etcdctl with the image's own libraries: the machine need not have one, and no host need be on. */
export async function etcdctl(lab: LabState, argv: readonly string[], options: EtcdctlOptions = {}): Promise<Answer> {
  const pki = pkiPaths(labPaths(lab.name).pki, []);
  const { unit, client = pki.root, api = 3, ...rest } = options;
  const { endpoints = membersOf(lab).map((host) => clientUrl(host, etcdOf(lab, unit))), ...runOptions } = rest;
  const tls = api === 2 ? { ca: '--ca-file', cert: '--cert-file', key: '--key-file' } : { ca: '--cacert', cert: '--cert', key: '--key' };
  // An empty environment: an ETCDCTL_* variable that says the same as a flag makes etcdctl fail.
  return await run(
    [
      'env',
      '-i',
      `ETCDCTL_API=${api}`,
      ...imageProgram(lab.shipped, 'etcdctl'),
      `--endpoints=${endpoints.join(',')}`,
      `${tls.ca}=${pki.ca}`,
      `${tls.cert}=${client.cert}`,
      `${tls.key}=${client.key}`,
      ...argv,
    ],
    runOptions,
  );
}

/** The image's loader, told where the image's libraries are, then the program. */
function imageProgram(image: string, program: string): string[] {
  const { libraries, loader } = librariesOf(image);
  const path = join(image, 'usr/bin', program);
  if (!existsSync(path)) throw new Error(`${image} has no ${program}`);
  return [join(libraries, loader), '--library-path', libraries, path];
}

/** Whether a port of etcd completes a TLS handshake: etcd listens long before it serves. */
export async function servesTls(lab: LabState, host: string, port: number): Promise<boolean> {
  const { ca, root } = pkiPaths(labPaths(lab.name).pki, []);
  const [trusted, cert, key] = await Promise.all([readFile(ca), readFile(root.cert), readFile(root.key)]);
  return await new Promise((resolve) => {
    const socket = connect({ host, port, ca: trusted, cert, key });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => end(false));
    socket.once('error', () => end(false));
    socket.once('secureConnect', () => end(true));
  });
}
