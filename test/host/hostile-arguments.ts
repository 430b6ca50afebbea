/** Arguments as no one wishes them, and the command that says which arguments it got. */
import fc from 'fast-check';
import { look } from '../../src/host/command.ts';
import type { HostCommand } from '../../src/host/command.ts';

const quotes = [`'`, `''`, `"`, '`id`', '$(id)', '$(touch /tmp/injected)', '${HOME}', '$HOME', '\\', '\\n', '\n', '\n\n', '\t', ' ', '  '];
const operators = [
  ';',
  '; reboot',
  '&&',
  '||',
  '|',
  '&',
  '>',
  '>/tmp/injected',
  '<',
  '#',
  '!',
  '!!',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '~',
  '~root',
];
const words = [
  '-',
  '--',
  '-rf',
  '--no-preserve-root',
  '%s',
  '%n',
  '=',
  'EOF',
  '<<EOF',
  'äöü',
  '数据',
  '🧯',
  '\u202e',
  '\u00a0',
  '\u2028',
  '',
];
const unsayable = ['\u0000', '\u001b[31m', '\r', '\u0008', '\u007f', '\u009b', '\ud83d'];
const nasty = fc.constantFrom(...quotes, ...operators, ...words, ...unsayable);

/** One argument: pieces of shell, of any script, and of what no argument can hold; up to about 10 kB. */
export const hostileArgument = fc.oneof(
  fc.array(nasty, { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.tuple(nasty, fc.integer({ min: 1, max: 10_240 })).map(([piece, times]) => piece.repeat(times).slice(0, 10_240)),
);

/** Makes the host say each of its arguments, ended by a NUL, which no argument can hold. */
export function sayBack(words: readonly string[]): HostCommand {
  return look('printf', '%s\\0', ...words);
}

/** The arguments that the host said it got. */
export function saidBack(stdout: Buffer | string): readonly string[] {
  return stdout.toString('utf8').split('\0').slice(0, -1);
}

/** Whether no command line can carry a word: refusing is then the only right answer. */
export function isUnsayable(word: string): boolean {
  return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/u.test(word);
}

/** Whether it may be refused for its length: each single quote takes 13 bytes once it is quoted twice. Far below the limit it may not. */
export function mayBeTooLong(words: readonly string[]): boolean {
  const text = words.join('');
  return Buffer.byteLength(text) + 12 * (text.split(`'`).length - 1) > 100_000;
}
