/** The OpenSSH client, by execa: one process per host, over which the program on the host is spoken to. */
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { createCollector } from './bounded.ts';
import * as limits from './limits.ts';
import { sshArguments } from './ssh-options.ts';
import type { SshTarget } from './ssh-options.ts';

/** How the local process ended. */
export interface LinkEnd {
  /** Undefined when it was killed or could not be started. */
  readonly exitCode: number | undefined;
  /** What ssh, and whatever came before the program, wrote to stderr; bounded. */
  readonly said: string;
  /** `ENOENT` when there is no ssh on this machine. */
  readonly code: string | undefined;
  /** The hosts that the way leads through: what ssh says may be about one of them. */
  readonly through?: string;
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

/** Starts ssh, without a command: which program answers the key's own line on the host says (`command=`, sshd(8)). Never throws. */
export function openSsh(target: SshTarget): Link {
  const { proxyJump = [] } = target;
  const link = openProcess('ssh', sshArguments(target));
  if (proxyJump.length === 0) return link;
  const through = proxyJump.map(({ host }) => host).join(' and ');
  return { ...link, ended: link.ended.then((end) => ({ ...end, through })) };
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
