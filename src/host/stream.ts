/** Runs one command whose output is data: handed on as it comes, measured on the way, never kept. */
import { createHash, randomBytes } from 'node:crypto';
import { shorten } from './bounded.ts';
import { typed } from './command.ts';
import type { HostCommand } from './command.ts';
import { commandFailure, isFailure, sshFailure } from './failures.ts';
import * as limits from './limits.ts';
import { frames, streamScript, unframed } from './script.ts';
import type { ShellDeps } from './shell.ts';
import { ssh } from './ssh.ts';

/** What a command wrote, when it was not kept. */
export interface Streamed {
  readonly bytes: number;
  readonly sha256: string;
}

export interface StreamOptions {
  readonly limitMs: number;
  /** Takes every piece of stdout. What it throws ends the command and is thrown again. */
  readonly take: (chunk: Buffer) => Promise<void>;
}

/** @throws OpsError HOST_*, and whatever `take` throws */
export async function stream(deps: ShellDeps, where: string, command: HostCommand, { limitMs, take }: StreamOptions): Promise<Streamed> {
  const nonce = randomBytes(16).toString('hex');
  const hash = createHash('sha256');
  let bytes = 0;
  let refused: Error | undefined;
  const output = async (stdout: AsyncIterable<Buffer>) => {
    for await (const chunk of stdout) {
      hash.update(chunk);
      bytes += chunk.length;
      await take(chunk).catch((error: unknown) => {
        refused = error instanceof Error ? error : new Error(String(error));
        throw refused;
      });
    }
  };
  const result = await ssh(deps.target, streamScript(command, nonce), { limitMs, output });
  const outputSha256 = hash.digest('hex');
  const stderr = result.stderr.bytes;
  const [begun, frame] = frames(stderr, stderr, nonce);
  const said = frame?.stderr.toString('utf8') ?? unframed(stderr, nonce);
  if (begun !== undefined) {
    deps.record({
      on: deps.member,
      argv: typed(command),
      changes: command.changes,
      ...(frame !== undefined && { exitCode: frame.exitCode }),
      durationMs: Math.max(0, (frame?.endedAtMs ?? begun.endedAtMs) - begun.endedAtMs),
      output: shorten(deps.conceal?.(said) ?? said, limits.recordedOutputBytes),
      outputBytes: bytes,
      outputSha256,
    });
  }
  if (refused !== undefined) throw refused;
  const tried = { where, command, limitMs };
  if (frame === undefined) throw sshFailure(tried, result, said);
  if (isFailure(command, { exitCode: frame.exitCode, stderr: said })) throw commandFailure(tried, frame.exitCode, '', said);
  return { bytes, sha256: outputSha256 };
}
