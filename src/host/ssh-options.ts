/** What the OpenSSH client is told: one host, one key, the host keys that are known, and the hosts on the way there. */
import * as limits from './limits.ts';

interface Login {
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly port?: number | undefined;
}

/** A host on the way: nothing but a connection to the next one is asked of it. */
export interface Hop extends Login {
  readonly host: string;
}

/** How to reach a host. */
export interface SshTarget extends Login {
  readonly address: string;
  /** From here on, in order. */
  readonly proxyJump?: readonly Hop[] | undefined;
}

/** All arguments of `ssh`, without a command. Neither /etc/ssh/ssh_config nor ~/.ssh/config is read, for no host on the way either (ssh_config(5)). */
export function sshArguments({ address, proxyJump = [], ...login }: SshTarget): string[] {
  return [...options(login), ...proxyOption(proxyJump), '--', address];
}

/**
 * ssh's own ProxyJump would read the configuration of whoever runs this, and take neither key nor known hosts along.
 * So each host is reached by the command of the one before it, to the first.
 */
function proxyOption(hops: readonly Hop[]): string[] {
  const last = hops.at(-1);
  if (last === undefined) return [];
  const { host, ...login } = last;
  const words = ['ssh', ...options(login), ...proxyOption(hops.slice(0, -1))];
  // ssh puts in %h and %p, and has /bin/sh `exec` the rest: `SHELL` is not in the environment it gets.
  const command = [...words.map((word) => quoted(word.replaceAll('%', '%%'))), '-W', quoted('[%h]:%p'), '--', quoted(host)];
  return ['-o', `ProxyCommand=${command.join(' ')}`];
}

function options(login: Login): string[] {
  const all: Record<string, string> = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: configValue(login.knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    IdentityFile: configValue(login.identityFile),
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    PreferredAuthentications: 'publickey',
    PasswordAuthentication: 'no',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    RequestTTY: 'no',
    EscapeChar: 'none',
    ControlMaster: 'no',
    ControlPath: 'none',
    ConnectTimeout: seconds(limits.connectTimeoutMs),
    ServerAliveInterval: seconds(limits.serverAliveIntervalMs),
    ServerAliveCountMax: String(limits.serverAliveCountMax),
    // Encrypting must not be what a snapshot waits for: AES-GCM is the cheapest where the CPU knows AES.
    Ciphers: '^aes128-gcm@openssh.com',
    Compression: 'no',
    LogLevel: 'ERROR',
    Port: String(login.port ?? 22),
    User: login.user,
  };
  return ['-F', '/dev/null', ...Object.entries(all).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1_000));
}

/** ssh expands % in paths and splits at spaces. What it would read otherwise than as it stands, config.yaml cannot have. */
function configValue(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** One word for a POSIX shell. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_@.,:=+/-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
