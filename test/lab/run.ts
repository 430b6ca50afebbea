/** Runs a command on this machine and says plainly what failed. */
import { execa } from 'execa';

/** What a command answered. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface RunOptions {
  /** Given on stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Added to the machine's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this the command is killed; two minutes when not given. */
  readonly timeoutMs?: number;
  /** `false`: a failing command is an answer, not an error. */
  readonly reject?: boolean;
}

const defaultTimeoutMs = 120_000;

/**
 * Runs one command, without a shell.
 * @throws Error with the command and what it said, unless `reject` is false
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Answer> {
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    input: options.input ?? '',
    timeout: options.timeoutMs ?? defaultTimeoutMs,
    reject: false,
    ...(options.env ? { env: options.env } : {}),
  });
  // No exit code: it was killed, timed out or could not be started. 255 keeps "it failed" a number.
  const answer = { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 255 };
  if (answer.exitCode !== 0 && options.reject !== false) {
    throw new Error(`${argv.join(' ')}: ${result.failed ? result.shortMessage : 'failed'}\n${answer.stderr || answer.stdout}`);
  }
  return answer;
}

/** Runs a command whose failing is all right because what it removes may be gone already. */
export async function attempt(argv: readonly [string, ...string[]]): Promise<boolean> {
  return (await run(argv, { reject: false })).exitCode === 0;
}

/** Says what the lab is doing, on stderr, so that stdout stays for answers. */
export function say(text: string): void {
  process.stderr.write(`lab: ${text}\n`);
}
