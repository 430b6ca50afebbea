/** The keys of sshd and of the bot's user, and the known_hosts files that go with them. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import type { HostState } from './state.ts';

/** What a client needs; files on this machine. */
export interface SshFiles {
  readonly identityFile: string;
  /** The hosts' true keys. */
  readonly knownHostsFile: string;
  /** Another key for every host: as when a host was reinstalled, or someone sits in between. */
  readonly wrongKnownHostsFile: string;
}

export function sshPaths(dir: string): SshFiles {
  return {
    identityFile: join(dir, 'id_ed25519'),
    knownHostsFile: join(dir, 'known_hosts'),
    wrongKnownHostsFile: join(dir, 'known_hosts.wrong'),
  };
}

/** The private key file of a host's sshd. */
export function hostKey(dir: string, host: string): string {
  return join(dir, `${host}_ed25519_key`);
}

export async function makeSshKeys(dir: string, hosts: readonly HostState[]): Promise<void> {
  const access = sshPaths(dir);
  const wrong = join(dir, 'wrong_ed25519_key');
  await mkdir(dir, { recursive: true, mode: 0o755 });
  await Promise.all([
    keyPair(access.identityFile, 'etcdops'),
    keyPair(wrong, 'wrong'),
    ...hosts.map(async ({ name }) => await keyPair(hostKey(dir, name), name)),
  ]);

  await writeFile(access.knownHostsFile, await knownHosts(hosts, ({ name }) => hostKey(dir, name)));
  await writeFile(access.wrongKnownHostsFile, await knownHosts(hosts, () => wrong));
}

async function keyPair(path: string, comment: string): Promise<void> {
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
  await chmod(path, 0o600);
}

async function knownHosts(hosts: readonly HostState[], keyOf: (host: HostState) => string): Promise<string> {
  const lines = hosts.map(async (host) => {
    const [type, key] = (await readFile(`${keyOf(host)}.pub`, 'utf8')).split(' ');
    return `${host.address} ${type} ${key}\n`;
  });
  return (await Promise.all(lines)).join('');
}
