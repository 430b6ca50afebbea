/** Runs commands on one host: several in one session, each recorded, each failure translated. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import type { Tenure } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import type { MemberName } from '../ids.ts';
import { shorten } from './bounded.ts';
import { clockOffset } from './clock-offset.ts';
import { typed } from './command.ts';
import type { HostCommand } from './command.ts';
import { heldBack } from './epoch.ts';
import { commandFailure, isFailure, sshFailure } from './failures.ts';
import * as limits from './limits.ts';
import { frames, sessionScript, unframed } from './script.ts';
import { disconnect, ssh } from './ssh.ts';
import type { SshTarget } from './ssh.ts';
import { stream } from './stream.ts';
import type { StreamOptions, Streamed } from './stream.ts';

export interface ShellDeps {
  readonly member: MemberName;
  readonly target: SshTarget;
  readonly record: RecordCommand;
  /** Takes known secrets out of what a host answered, before it is cut and hashed. Nothing is known when not given. */
  readonly conceal?: Conceal;
  readonly clock: Pick<Clock, 'now'>;
  /** In whose name something is changed; undefined where nothing may be. */
  readonly tenure: Tenure | undefined;
}

/** What a command answered; its exit code is one of those accepted. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Answers of a session, and the host's clock around it. */
export interface Session {
  readonly answers: readonly Answer[];
  /** The host's clock minus the bot's, milliseconds, as far as the session shows it: clock-offset.ts. */
  readonly clockOffsetMs: number;
}

export interface SessionOptions {
  readonly limitMs?: number;
  /** Goes to the first command's stdin. */
  readonly input?: Readable;
}

/** Commands on one host. Every method throws OpsError HOST_* or ARGUMENT_UNSAFE. */
export interface Shell {
  /** For sentences: `etcd01 (10.0.0.31)`. */
  readonly where: string;
  /** Runs them in order, in one ssh session; the first that fails ends it. */
  session(commands: readonly HostCommand[], options?: SessionOptions): Promise<Session>;
  run(command: HostCommand, options?: SessionOptions): Promise<Answer>;
  /** Runs one command whose stdout is handed on piece by piece; recorded by length and hash. */
  stream(command: HostCommand, options: StreamOptions): Promise<Streamed>;
  close(): Promise<void>;
}

/** Opens nothing yet: the first command makes the connection. */
export function createShell(deps: ShellDeps): Shell {
  const { member, target } = deps;
  const where = `${member} (${target.address})`;
  // Until a change was carried out here, one of an earlier worker may have to be waited for.
  let begun = false;
  // Sessions at the same time find the same dead connection: one of them ends it, once, or it would end what another has just made.
  let connection = 0;
  let ending: Promise<void> | undefined;
  const session: Shell['session'] = async (commands, options = {}) => {
    const shared = existsSync(target.controlPath);
    const over = connection;
    const changing = commands.some(({ changes }) => changes);
    try {
      const waitMs = changing && !begun ? limits.earlierCommandMs + 2 * limits.epochTurnMs : 0;
      const done = await attempt(deps, where, commands, { ...options, waitMs });
      begun ||= changing;
      return done;
    } catch (error) {
      // A host that was rebooted leaves a dead shared connection behind. Looking again over a new one does no harm.
      if (!shared || !(error instanceof OpsError) || error.code !== 'HOST_UNREACHABLE' || changing) throw error;
      if (over === connection) {
        connection += 1;
        ending = disconnect(target);
      }
      await ending;
      return await attempt(deps, where, commands, options);
    }
  };
  return {
    where,
    session,
    run: async (command, options) => {
      const { answers } = await session([command], options);
      return answers[0] as Answer;
    },
    stream: async (command, options) => await stream(deps, where, command, options),
    close: async () => {
      if (existsSync(target.controlPath)) await disconnect(target);
    },
  };
}

async function attempt(
  deps: ShellDeps,
  where: string,
  commands: readonly HostCommand[],
  { limitMs = limits.lookLimitMs, input, waitMs = 0 }: SessionOptions & { readonly waitMs?: number },
): Promise<Session> {
  const { tenure } = deps;
  const nonce = randomBytes(16).toString('hex');
  const script = sessionScript(commands, nonce, { epoch: tenure, readsInput: input !== undefined });
  if (commands.some(({ changes }) => changes)) await tenure?.permit();
  const startedAtMs = deps.clock.now().getTime();
  const result = await ssh(deps.target, script, { limitMs: limitMs + waitMs, ...(input !== undefined && { input }) });
  const endedAtMs = deps.clock.now().getTime();
  const [begun, ...answered] = frames(result.stdout.bytes, result.stderr.bytes, nonce);
  const answers: Answer[] = [];
  let beforeMs = begun?.endedAtMs ?? startedAtMs;
  for (const [index, command] of commands.entries()) {
    const frame = answered[index];
    const tried = { where, command, limitMs };
    if (frame === undefined) {
      const said = unframed(result.stderr.bytes, nonce);
      // Before the session began nothing ran, so there is nothing to record.
      if (begun !== undefined) keep(deps, command, { stdout: unframed(result.stdout.bytes, nonce), stderr: said }, endedAtMs - startedAtMs);
      throw sshFailure(tried, result, said);
    }
    const answer = { exitCode: frame.exitCode, stdout: frame.stdout.toString('utf8'), stderr: frame.stderr.toString('utf8') };
    const refused = tenure === undefined ? undefined : heldBack(tried, tenure, frame.exitCode, answer.stderr);
    // What was not run is no command that was carried out.
    if (refused !== undefined) throw refused;
    keep(deps, command, answer, frame.endedAtMs - beforeMs);
    beforeMs = frame.endedAtMs;
    if (isFailure(command, answer)) throw commandFailure(tried, frame.exitCode, answer.stdout, answer.stderr);
    answers.push(answer);
  }
  // Marks may be among what was left out, so answers would be mistaken for each other.
  if (commands.length > 1 && result.stdout.leftOutBytes + result.stderr.leftOutBytes > 0) {
    throw new OpsError(
      'HOST_OUTPUT_UNKNOWN',
      `${where} answered more than ${limits.keptOutputBytes} bytes where a few lines were expected.`,
    );
  }
  const readings = { sentAtMs: startedAtMs, begunAtMs: begun?.endedAtMs ?? startedAtMs, endedAtMs: beforeMs, answeredAtMs: endedAtMs };
  return { answers, clockOffsetMs: clockOffset(readings) };
}

function keep(
  { member, record, conceal = (text) => text }: ShellDeps,
  command: HostCommand,
  answer: { exitCode?: number; stdout: string; stderr: string },
  durationMs: number,
): void {
  const failed = answer.exitCode === undefined || isFailure(command, { exitCode: answer.exitCode, stderr: answer.stderr });
  if (command.recorded === 'failures' && !failed) return;
  const output = conceal([answer.stdout, answer.stderr].filter((text) => text !== '').join('\n'));
  record({
    on: member,
    argv: typed(command),
    changes: command.changes,
    ...(answer.exitCode !== undefined && { exitCode: answer.exitCode }),
    durationMs: Math.max(0, Math.round(durationMs)),
    output: command.recorded === 'hidden' && !failed ? '' : shorten(output, limits.recordedOutputBytes),
    outputBytes: Buffer.byteLength(output),
    outputSha256: createHash('sha256').update(output).digest('hex'),
  });
}
