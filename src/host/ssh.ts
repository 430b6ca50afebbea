/** The OpenSSH client, by execa: one process per host, over which the program on the host is spoken to. */
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { createCollector } from './bounded.ts';
import * as limits from './limits.ts';

/** How to reach a host. */
export interface SshTarget {
  readonly address: string;
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly port?: number | undefined;
}

/** How the local process ended. */
export interface LinkEnd {
  /** Undefined when it was killed or could not be started. */
  readonly exitCode: number | undefined;
  /** What ssh, and whatever came before the program, wrote to stderr; bounded. */
  readonly said: string;
  /** `ENOENT` when there is no ssh on this machine. */
  readonly code: string | undefined;
}

/** A way to a host: what is written into it the program there reads, and the other way round. */
export interface Link {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Never rejects. */
  readonly ended: Promise<LinkEnd>;
  /** Ends it for good, soon. */
  kill(): void;
}

/** Nothing of the bot's own environment goes along: no agent, no locale, no ETCDCTL_*. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Every option counts: neither /etc/ssh/ssh_config nor ~/.ssh/config is read (ssh_config(5)). */
export function sshOptions(target: SshTarget): string[] {
  const options: Record<string, string> = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: configValue(target.knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    IdentityFile: configValue(target.identityFile),
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
    Port: String(target.port ?? 22),
    User: target.user,
  };
  return ['-F', '/dev/null', ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1_000));
}

/** ssh expands % in paths and splits at spaces. */
function configValue(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** Starts ssh, without a command: which program answers the key's own line on the host says (`command=`, sshd(8)). Never throws. */
export function openSsh(target: SshTarget): Link {
  return openProcess('ssh', [...sshOptions(target), '--', target.address]);
}

/** Starts a local program as the other end of a link. Never throws. */
export function openProcess(file: string, args: readonly string[]): Link {
  const said = createCollector(limits.keptSshBytes);
  const subprocess = execa(file, args, {
    stdin: 'pipe',
    buffer: false,
    reject: false,
    extendEnv: false,
    env: environment,
    forceKillAfterDelay: limits.closeGraceMs,
  });
  subprocess.stderr.on('data', (chunk: Buffer) => said.add(chunk));
  // A pipe that breaks is seen by whoever reads the answers; a write into it is told by its own callback.
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdout.on('error', () => undefined);
  const end = (exitCode: number | undefined, code: string | undefined): LinkEnd => ({
    exitCode,
    said: said.kept().bytes.toString('utf8'),
    code,
  });
  const { nodeChildProcess, stderr } = subprocess;
  // Not execa's own promise alone: it waits until stdout was read, and between two requests nobody reads.
  const exited = new Promise<LinkEnd>((resolve) => {
    nodeChildProcess.once('exit', (exitCode) => {
      const settle = () => resolve(end(exitCode ?? undefined, undefined));
      if (stderr.destroyed || stderr.readableEnded) settle();
      stderr.once('close', settle);
      setTimeout(settle, limits.closeGraceMs).unref();
    });
  });
  return {
    stdin: subprocess.stdin,
    stdout: subprocess.stdout,
    ended: Promise.race([exited, subprocess.then(({ exitCode, code }) => end(exitCode, code))]),
    kill: () => {
      subprocess.kill();
      // What it may still say nobody waits for.
      subprocess.stdout.destroy();
    },
  };
}
