/** A shell whose host is a function: for tests of what is asked and what is made of the answers. */
import { createHash } from 'node:crypto';
import { OpsError } from '../../src/errors.ts';
import { typed } from '../../src/host/command.ts';
import type { HostCommand } from '../../src/host/command.ts';
import type { Answer, Shell } from '../../src/host/shell.ts';

/** What the host says to one command line, as typed; a string is stdout with exit code 0. */
export type FakeAnswers = (line: string) => string | Partial<Answer>;

/** A shell over such a function; `lines` are the command lines in the order they ran. */
export function fakeShell(answer: FakeAnswers): Shell & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const one = (command: HostCommand): Answer => {
    const line = typed(command).join(' ');
    lines.push(line);
    const said = answer(line);
    const full = { exitCode: 0, stdout: '', stderr: '', ...(typeof said === 'string' ? { stdout: said } : said) };
    if (!(command.accepts ?? [0]).includes(full.exitCode)) throw new OpsError('HOST_COMMAND_FAILED', `${line} failed`);
    return full;
  };
  return {
    lines,
    where: 'etcd01 (192.0.2.1)',
    session: async (commands) => ({ answers: commands.map(one), clockOffsetMs: 0 }),
    run: async (command) => one(command),
    stream: async (command, { take }) => {
      const bytes = Buffer.from(one(command).stdout);
      await take(bytes);
      return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    close: async () => undefined,
  };
}
