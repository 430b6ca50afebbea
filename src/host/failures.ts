/** Turns what ssh, sudo and the program on a host say when they fail into OpsError. The only place of this folder where foreign messages are read. */
import { cleaned, inSentence, sentenceMaxCharacters } from '../engine/foreign-text.ts';
import { withoutShapes } from '../engine/shapes.ts';
import { OpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { messageLines } from './limits.ts';
import type { Failure } from './protocol.ts';
import type { LinkEnd } from './ssh.ts';

/** Where and what: every message names both. */
export interface Attempt {
  /** The member's name and address, e.g. `etcd01 (10.0.0.31)`. */
  readonly where: string;
  /** The request in words, e.g. `do stop`. */
  readonly what: string;
}

/** ssh's own words (sshconnect.c, clientloop.c), most telling first. */
const sshSays: readonly (readonly [RegExp, ErrorCode, string, string?])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'HOST_KEY_MISMATCH', 'its host key has changed'],
  [
    /No [^\n]{0,40} host key is known for/,
    'HOST_KEY_MISMATCH',
    'its host key is not in knownHostsFile',
    'Add the line that the kit printed when root ran it on that host; never what the network says.',
  ],
  [/Host key verification failed/, 'HOST_KEY_MISMATCH', 'its host key could not be verified'],
  [/UNPROTECTED PRIVATE KEY FILE/, 'HOST_AUTH_REFUSED', 'others can read identityFile, so ssh does not use it'],
  [/no such identity|Load key /i, 'HOST_AUTH_REFUSED', 'identityFile cannot be read'],
  [
    /Permission denied|Too many authentication failures|not allowed because|account [^\n]{0,200}(?:expired|locked|not available)/i,
    'HOST_AUTH_REFUSED',
    'it refused the ssh key',
  ],
  [/Connection refused/, 'HOST_UNREACHABLE', 'it refuses connections to the ssh port'],
  [/Could not resolve hostname/, 'HOST_UNREACHABLE', 'its name cannot be resolved'],
  [/No route to host|Network is unreachable/, 'HOST_UNREACHABLE', 'there is no route to it'],
  [/timed out|Timeout, server [^\n]{0,300} not responding/i, 'HOST_UNREACHABLE', 'it does not answer'],
];

/** What sudo writes when it does not start the program (sudo's plugins/sudoers, sudo-rs). */
const sudoSaysNo =
  /\bsudo(?:-rs)?: (?:a password is required|a terminal is required|interactive authentication is required|sorry, |no tty|I'm sorry|[^\n]{0,300}command not found|[^\n]{0,300}not allowed)|is not in the sudoers file|^Sorry, user [^\n]{0,100} (?:is not allowed|may not run)|is not allowed to (?:run sudo|execute)/im;

/** The channel ended where an answer was expected. @param greeted whether the program had said its first line */
export function channelEnded(attempt: Attempt, end: LinkEnd, greeted: boolean): OpsError {
  const { where, what } = attempt;
  const said = lastLines(end.said);
  const details = { what, exitCode: end.exitCode, said };
  if (end.code === 'ENOENT') {
    return new OpsError('HOST_TOOL_MISSING', `ssh is not installed on the machine of the bot, so ${where} could not be asked (${what}).`, {
      details,
      hint: 'Install the Debian package openssh-client.',
    });
  }
  // ssh's own failures have 255 (ssh(1), EXIT STATUS); any other code is that of what it started on the host.
  if (end.exitCode === 255 || (greeted && end.exitCode === undefined)) {
    const known = sshSays.find(([pattern]) => pattern.test(end.said));
    const [, code, because, hint] = known ?? [
      undefined,
      'HOST_UNREACHABLE' as const,
      `the connection broke (${said || 'ssh gave no reason'})`,
    ];
    // Whose key or name it is about, only ssh's own words tell.
    const words = known === undefined ? '' : `, and ssh said: ${said}`;
    const way = end.through === undefined ? '' : ` The way there leads through ${end.through}${words}.`;
    return new OpsError(code, `${where} cannot be ${greeted ? `asked (${what})` : 'reached over ssh'}: ${because}.${way}`, {
      details,
      ...(hint !== undefined && { hint }),
    });
  }
  if (!greeted && sudoSaysNo.test(end.said)) {
    return new OpsError('HOST_SUDO_REFUSED', `sudo on ${where} does not start etcd-medic-host: ${said}.`, { details });
  }
  if (!greeted) return doorMissing(where, `it ended without a word of etcd-medic-host${said === '' ? '' : `: ${said}`}`);
  return new OpsError(
    'HOST_COMMAND_FAILED',
    `etcd-medic-host on ${where} ended in the middle of this: ${what}${said === '' ? '' : ` (${said})`}.`,
    {
      details,
      hint: 'Look into /var/log/etcd-medic-host.log on the host, then press Retry.',
    },
  );
}

/** What answers is not the program. @param because what was seen instead, without a full stop */
export function doorMissing(where: string, because: string): OpsError {
  return new OpsError(
    'HOST_DOOR_MISSING',
    `The ssh key opens something else on ${where} than etcd-medic-host of this version: ${because}.`,
  );
}

/** A request that was waited for too long. */
export function tooLate({ where, what }: Attempt, limitMs: number): OpsError {
  return new OpsError(
    'HOST_COMMAND_TIMEOUT',
    `${where} gave no answer within ${Math.round(limitMs / 1_000)} s to this: ${what}. Only waiting for it has ended: it may still be running there.`,
    { details: { what } },
  );
}

/** An answer that is not of the known form. @param because what is wrong with it, without a full stop */
export function unknownAnswer({ where, what }: Attempt, because: string): OpsError {
  return new OpsError('HOST_OUTPUT_UNKNOWN', `${where} answered in a form that is not known (${what}): ${because}.`, { details: { what } });
}

/** The codes that a program on a host may give. Any other is not its to say: HOST_UNREACHABLE, for one, is about the way there. */
const codesOfHosts = [
  'HOST_COMMAND_FAILED',
  'HOST_COMMAND_TIMEOUT',
  'HOST_OUTPUT_UNKNOWN',
  'HOST_TOOL_MISSING',
  'HOST_DISK_FULL',
  'HOST_FENCED',
  'HOST_EPOCH_FAILED',
  'HOST_PLAN_MOVED',
  'HOST_NOT_ALLOWED',
  'HOST_PROTOCOL',
  'HOST_DESCRIPTION_INVALID',
  'FENCE_FAILED',
  'SNAPSHOT_INVALID',
  'ARGUMENT_UNSAFE',
] as const satisfies readonly ErrorCode[];

/** The error that the program on a host gave, in its words as far as they can be shown. */
export function programFailure({ where, what }: Attempt, { code, message, hint }: Failure): OpsError {
  const known = codesOfHosts.find((each) => each === code);
  const sentence = inSentence(message) || 'it gave no reason';
  const cure = hint === undefined ? '' : cleaned(hint);
  return new OpsError(known ?? 'HOST_COMMAND_FAILED', `${where}: ${sentence}.`, {
    details: { what, ...(known === undefined && { code: cleaned(code, 80) }) },
    ...(cure !== '' && { hint: cure }),
  });
}

/** The end of what was said, as part of a sentence. */
export function lastLines(text: string): string {
  const all = withoutShapes(text).split('\n');
  const lines: string[] = [];
  for (let at = all.length - 1; at >= 0 && lines.length < messageLines; at -= 1) {
    const said = all[at] ?? '';
    const line = said === '' ? '' : cleaned(said);
    if (line !== '') lines.unshift(line);
  }
  return lines.join(' / ').slice(-sentenceMaxCharacters).replace(/\.$/, '');
}
