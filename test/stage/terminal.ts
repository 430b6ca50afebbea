/** The terminal as people use it on the bot's machine: as one user or another of the operating system, and with a keyboard. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../slack/local-slack.ts';
import type { Stage } from './stage.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const nodeWords = [process.execPath, '--disable-warning=DEP0123', cli];
/** Node and its packages may take their time on a busy machine. */
const endLimitMs = 120_000;

/** What was said, and how it ended. */
export interface Said {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A terminal that is open. */
export interface Terminal {
  /** Types a line. */
  type(line: string): void;
  /** Waits until something stands there. */
  shows(pattern: RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  ended(): Promise<Said>;
}

type StagePart = Pick<Stage, 'environment'>;

/**
 * Opens a terminal.
 * @param uid a user of this machine; the present one when not given. The other user may read all files, for this repository may lie where only root can.
 */
export function openTerminal({ environment }: StagePart, words: readonly string[], { uid }: { readonly uid?: number } = {}): Terminal {
  const asUser =
    uid === undefined
      ? []
      : ['setpriv', `--reuid=${uid}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--'];
  return opened(environment, [...asUser, ...nodeWords, ...words]);
}

/** Opens one with a keyboard and a screen (script(1) makes the pseudo-terminal). */
export function openKeyboard({ environment }: StagePart, words: readonly string[]): Terminal {
  const quoted = [...nodeWords, ...words].map((word) => `'${word}'`).join(' ');
  return opened(environment, ['script', '--quiet', '--return', '--command', quoted, '/dev/null']);
}

function opened(environment: Stage['environment'], [program = '', ...args]: readonly string[]): Terminal {
  const { ETCD_MEDIC_CONFIG, REDIS_URL } = environment;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'dumb', ETCD_MEDIC_CONFIG, REDIS_URL },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const exited = once(child, 'close');
  return {
    type: (line) => void child.stdin.write(`${line}\n`),
    shows: (pattern) =>
      until(
        async () => pattern.test(said.stdout) || pattern.test(said.stderr),
        endLimitMs,
        () => `the terminal does not show ${pattern}: ${said.stdout}${said.stderr}`,
      ),
    signal: (signal) => void child.kill(signal),
    ended: async () => {
      await within(exited, child, () => `${said.stdout}${said.stderr}`);
      return { exitCode: child.exitCode, ...said };
    },
  };
}

async function within(exited: Promise<unknown>, child: ChildProcess, said: () => string): Promise<void> {
  const limit = AbortSignal.timeout(endLimitMs);
  const late = once(limit, 'abort').then(() => 'late' as const);
  if ((await Promise.race([exited, late])) !== 'late') return;
  child.kill('SIGKILL');
  throw new Error(`the terminal did not end: ${said()}`);
}
