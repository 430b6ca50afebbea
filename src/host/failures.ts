/** Turns what ssh, sudo and commands say when they fail into OpsError. The only place of this folder where foreign messages are read. */
import { withoutShapes } from '../engine/conceal.ts';
import { OpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { typed } from './command.ts';
import type { HostCommand } from './command.ts';
import { messageLines } from './limits.ts';
import type { SshResult } from './ssh.ts';

/** Where and what: every message names both. */
export interface Attempt {
  /** The member's name and address, e.g. `etcd01 (10.0.0.31)`. */
  readonly where: string;
  readonly command: HostCommand;
  readonly limitMs: number;
}

/** ssh's own words (sshconnect.c, clientloop.c, mux.c), most telling first. */
const sshSays: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'HOST_KEY_MISMATCH', 'its host key has changed'],
  [/No .* host key is known for/, 'HOST_KEY_MISMATCH', 'its host key is not in knownHostsFile'],
  [/Host key verification failed/, 'HOST_KEY_MISMATCH', 'its host key could not be verified'],
  [/UNPROTECTED PRIVATE KEY FILE/, 'HOST_AUTH_REFUSED', 'others can read identityFile, so ssh does not use it'],
  [/no such identity|Load key /i, 'HOST_AUTH_REFUSED', 'identityFile cannot be read'],
  [
    /Permission denied|Too many authentication failures|not allowed because|account .*(?:expired|locked|not available)/i,
    'HOST_AUTH_REFUSED',
    'it refused the ssh key',
  ],
  [/Connection refused/, 'HOST_UNREACHABLE', 'it refuses connections to the ssh port'],
  [/Could not resolve hostname/, 'HOST_UNREACHABLE', 'its name cannot be resolved'],
  [/No route to host|Network is unreachable/, 'HOST_UNREACHABLE', 'there is no route to it'],
  [/timed out|Timeout, server .* not responding/i, 'HOST_UNREACHABLE', 'it does not answer'],
];

/**
 * ssh itself failed: it exits with 255 and no command answered (ssh(1), EXIT STATUS).
 * @param said what ssh wrote outside of any command's answer
 */
export function sshFailure({ where, command, limitMs }: Attempt, result: SshResult, said: string): OpsError {
  const what = commandInWords(command);
  const details = { argv: typed(command), exitCode: result.exitCode, said: lastLines(said) };
  if (result.code === 'ENOENT')
    return new OpsError(
      'HOST_TOOL_MISSING',
      `ssh is not installed on the machine of the bot, so \`${what}\` could not be run on ${where}.`,
      { details, hint: 'Install the Debian package openssh-client.' },
    );
  if (result.timedOut) {
    return new OpsError(
      'HOST_COMMAND_TIMEOUT',
      `\`${what}\` on ${where} gave no answer within ${Math.round(limitMs / 1_000)} s. Only waiting for it has ended: it may still be running there.`,
      { details },
    );
  }
  if (result.exitCode !== 255) {
    return new OpsError(
      'HOST_COMMAND_FAILED',
      `\`${what}\` on ${where} was cut off before it ended${said.trim() === '' ? '' : `: ${lastLines(said)}`}.`,
      { details },
    );
  }
  const [, code, because] = sshSays.find(([pattern]) => pattern.test(said)) ?? [
    undefined,
    'HOST_UNREACHABLE' as const,
    `the connection broke (${lastLines(said) || 'ssh gave no reason'})`,
  ];
  return new OpsError(code, `${where} cannot be asked: ${because}. \`${what}\` was to be run there.`, { details });
}

const sudoSaysNo =
  /^sudo: (?:a password is required|a terminal is required|sorry, you must|no tty)|is not in the sudoers file|^Sorry, user .* (?:is not allowed|may not run)/m;

/** Whether sudo itself refused: its exit code is 1, which many commands use for an answer. */
export function refusedBySudo(exitCode: number, stderr: string): boolean {
  return exitCode === 1 && sudoSaysNo.test(stderr);
}

/** Whether an exit code is none of those that are answers, or sudo's own. */
export function isFailure(command: HostCommand, { exitCode, stderr }: { readonly exitCode: number; readonly stderr: string }): boolean {
  return !(command.accepts ?? [0]).includes(exitCode) || (command.as !== 'self' && refusedBySudo(exitCode, stderr));
}

/** A command answered with an exit code that is no success. */
export function commandFailure({ where, command }: Attempt, exitCode: number, stdout: string, stderr: string): OpsError {
  const what = commandInWords(command);
  const said = lastLines(stderr.trim() === '' ? stdout : stderr);
  const details = { argv: typed(command), exitCode, said };
  if (/^sudo: .*command not found/m.test(stderr) || exitCode === 127) {
    return new OpsError('HOST_TOOL_MISSING', `${where} has no ${toolOf(command)}: \`${what}\` could not be run.`, { details });
  }
  if (refusedBySudo(exitCode, stderr)) {
    return new OpsError('HOST_SUDO_REFUSED', `sudo on ${where} does not allow \`${what}\`.`, { details });
  }
  if (/no space left on device|disk quota exceeded/i.test(stderr)) {
    return new OpsError('HOST_DISK_FULL', `\`${what}\` on ${where} found no room on the disk: ${said}.`, { details });
  }
  return new OpsError(
    'HOST_COMMAND_FAILED',
    `\`${what}\` on ${where} failed with exit code ${exitCode}${said === '' ? '' : `: ${said}`}.`,
    { details },
  );
}

/** An answer that is not of the known form. */
export function unknownOutput(where: string, what: string, output: string): OpsError {
  return new OpsError(
    'HOST_OUTPUT_UNKNOWN',
    `${where} answered \`${what}\` in a form that is not known: ${lastLines(output) || 'nothing'}.`,
    { details: { output: lastLines(output) } },
  );
}

/** A command as it stands in a sentence: argv in words, shortened. */
export function commandInWords(command: HostCommand): string {
  const text = typed(command).join(' ');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function toolOf(command: HostCommand): string {
  return command.argv[0] ?? 'such command';
}

/** The end of what was said, as part of a sentence. */
export function lastLines(text: string): string {
  return withoutShapes(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-messageLines)
    .join(' / ')
    .slice(-600)
    .replace(/\.$/, '');
}
