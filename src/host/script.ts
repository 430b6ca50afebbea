/** Several commands in one ssh session: the script that runs them, and their answers taken apart again. */
import { OpsError } from '../errors.ts';
import { sent } from './command.ts';
import type { HostCommand } from './command.ts';
import { epochFunctions, held, unheld } from './epoch.ts';
import type { Epoch } from './epoch.ts';
import * as limits from './limits.ts';
import { quoteArgv } from './quoting.ts';

/** sudo's secure_path is the same; a user's own PATH or ETCDCTL_* never counts. */
const remoteEnvironment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C'];

/** What one command of a session answered. */
export interface Frame {
  readonly exitCode: number;
  /** The host's clock when it ended, milliseconds since 1970. */
  readonly endedAtMs: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** What more a session's script is told. */
export interface ScriptOptions {
  /** Whose session it is. Without it nothing may be changed. */
  readonly epoch?: Epoch | undefined;
  /** The first command reads what the worker sends. */
  readonly readsInput?: boolean;
}

/**
 * The one line that the login shell on the host gets.
 * After every command a mark with its exit code goes to both streams. That tells a command's own 255 from ssh's, a finished
 * command from a cut one, and one answer from the next. A code that is not accepted ends the session.
 * Before each command that changes something the fence is asked (epoch.ts).
 * @param nonce 32 hex digits that no output holds
 * @throws Error when something would be changed in nobody's name
 * @throws OpsError ARGUMENT_UNSAFE when an argument cannot be handed over as it is, or all of it is too long
 */
export function sessionScript(commands: readonly HostCommand[], nonce: string, options: ScriptOptions = {}): string {
  return script(commands, nonce, options, `printf '\\n${nonce} %s %s\\n' "$c" "$t"; printf '\\n${nonce} %s %s\\n' "$c" "$t" >&2`);
}

/** The same for one command whose stdout is wanted as it is, byte for byte: the marks go to stderr alone, so `frames` gets stderr twice. */
export function streamScript(command: HostCommand, nonce: string): string {
  // Who takes a stream may be paused, too; what changes something is no stream.
  return script([command], nonce, {}, `printf '\\n${nonce} %s %s\\n' "$c" "$t" >&2`);
}

function script(commands: readonly HostCommand[], nonce: string, { epoch, readsInput = false }: ScriptOptions, print: string): string {
  const fenced = commands.some(({ changes }) => changes);
  if (fenced && epoch === undefined) throw new Error('a session that changes something belongs to a run');
  const lines = commands.map((command, index) => {
    const accepted = (command.accepts ?? [0]).join('|');
    // Only the first command may read what is sent along; a later one must not swallow it.
    const input = index === 0 ? '' : ' </dev/null';
    const line = quoteArgv(sent(command));
    const ask = readsInput && index === 0 ? unheld : held;
    const run = command.changes ? `${ask(line)}${input}; m "$x"` : `${line}${input}; m $?`;
    return `${run}; case $c in ${accepted}) ;; *) exit 0;; esac`;
  });
  const mark = `m() { c=$1; t=$(date +%s%3N); ${print}; }`;
  // The first mark is the host's clock before anything ran.
  const fence = fenced && epoch !== undefined ? epochFunctions(epoch) : [];
  const text = ['umask 077', mark, ...fence, 'm 0 </dev/null', ...lines].join('\n');
  const line = quoteArgv(['exec', 'env', '-i', ...remoteEnvironment, '/bin/sh', '-c', text]);
  const bytes = Buffer.byteLength(line);
  if (bytes > limits.scriptMaxBytes) {
    throw new OpsError(
      'ARGUMENT_UNSAFE',
      `The command has ${bytes} bytes when it is quoted for the host, and at most ${limits.scriptMaxBytes} can be handed over; nothing was run.`,
      { hint: 'Shorten what is handed to the host; each single quote in it takes 13 bytes.' },
    );
  }
  return line;
}

/** Takes both streams of a session apart. Frame 0 is the session's beginning; a command that was cut has no frame. */
export function frames(stdout: Buffer, stderr: Buffer, nonce: string): readonly Frame[] {
  const errors = split(stderr, nonce);
  return split(stdout, nonce).flatMap((out, index) => {
    const error = errors[index];
    return error === undefined ? [] : [{ exitCode: out.exitCode, endedAtMs: out.endedAtMs, stdout: out.text, stderr: error.text }];
  });
}

/** What came after the last mark: the words of ssh, or of a command that was cut. */
export function unframed(stream: Buffer, nonce: string): string {
  const last = split(stream, nonce).at(-1);
  return stream.subarray(last?.end ?? 0).toString('utf8');
}

function split(stream: Buffer, nonce: string) {
  const pieces: { text: Buffer; exitCode: number; endedAtMs: number; end: number }[] = [];
  const needle = Buffer.from(`\n${nonce} `);
  let begin = 0;
  for (;;) {
    const at = stream.indexOf(needle, begin);
    if (at === -1) return pieces;
    const newline = stream.indexOf(0x0a, at + needle.length);
    if (newline === -1) return pieces;
    const [exitCode, endedAtMs] = stream
      .subarray(at + needle.length, newline)
      .toString('latin1')
      .split(' ')
      .map(Number);
    pieces.push({ text: stream.subarray(begin, at), exitCode: exitCode ?? -1, endedAtMs: endedAtMs ?? 0, end: newline + 1 });
    begin = newline + 1;
  }
}
