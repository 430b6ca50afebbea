/** The OpenSSH client, by execa: one shared connection per host, one process per session. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { createCollector } from './bounded.ts';
import type { Kept } from './bounded.ts';
import * as limits from './limits.ts';

/** How to reach a host. */
export interface SshTarget {
  readonly address: string;
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly port?: number | undefined;
  /** Where the shared connection's socket lies: a directory of mode 0700. */
  readonly controlPath: string;
}

/** What the local ssh process did. */
export interface SshResult {
  readonly stdout: Kept;
  readonly stderr: Kept;
  /** Undefined when it was killed or could not be started. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** `ENOENT` when there is no ssh on this machine. */
  readonly code: string | undefined;
}

/** Nothing of the bot's own environment goes along: no agent, no locale, no ETCDCTL_*. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Where a host's socket lies. @throws OpsError CONFIG_INVALID when the directory's name is too long for a socket */
export function controlPathIn(dir: string, index: number): string {
  const path = join(dir, String(index));
  if (Buffer.byteLength(path) > limits.controlPathMaxBytes) {
    throw new OpsError(
      'CONFIG_INVALID',
      `The directory ${dir} is too long a name for a socket: at most ${limits.controlPathMaxBytes} bytes. Set TMPDIR to a shorter one.`,
    );
  }
  return path;
}

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
    ConnectTimeout: seconds(limits.connectTimeoutMs),
    ServerAliveInterval: seconds(limits.serverAliveIntervalMs),
    ServerAliveCountMax: String(limits.serverAliveCountMax),
    ControlMaster: 'auto',
    ControlPath: configValue(target.controlPath),
    ControlPersist: seconds(limits.controlPersistMs),
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

interface SshOptions {
  readonly limitMs: number;
  readonly input?: Readable;
  /** Takes stdout as it comes, in the place of a bounded buffer. When it throws, ssh is ended. */
  readonly output?: (stdout: AsyncIterable<Buffer>) => Promise<void>;
}

/** Runs one line in the host's login shell. Never throws for what the host, ssh or `output` says. */
export async function ssh(target: SshTarget, line: string, { limitMs, input, output }: SshOptions): Promise<SshResult> {
  const stdout = createCollector(limits.keptOutputBytes);
  const stderr = createCollector(limits.keptOutputBytes);
  const subprocess = execa('ssh', [...sshOptions(target), '--', target.address, line], {
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    buffer: false,
    reject: false,
    timeout: limitMs,
    extendEnv: false,
    env: environment,
  });
  // When nobody takes what comes, nothing more is to be sent.
  const taken = output?.(subprocess.stdout).catch(() => subprocess.kill());
  if (taken === undefined) subprocess.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
  subprocess.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  // The background process that keeps the shared connection may hold the pipes of the session that made it. Once ssh was killed
  // for taking too long, nobody waits for those, or the limit would be none.
  const { nodeChildProcess } = subprocess;
  nodeChildProcess.once('exit', () => {
    // ssh takes a SIGTERM as an order to end, with exit code 255 and without a signal.
    if (!nodeChildProcess.killed) return;
    subprocess.stdout.destroy();
    subprocess.stderr.destroy();
  });
  const { exitCode, timedOut, code } = await subprocess;
  await taken;
  return { stdout: stdout.kept(), stderr: stderr.kept(), exitCode, timedOut, code };
}

/** Ends the shared connection, if there is one. */
export async function disconnect(target: SshTarget): Promise<void> {
  await execa('ssh', [...sshOptions(target), '-O', 'exit', '--', target.address], {
    stdio: 'ignore',
    reject: false,
    timeout: limits.connectTimeoutMs,
    extendEnv: false,
    env: environment,
  });
}
