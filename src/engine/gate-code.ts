/** The short code by which a word names the gate it answers: `7k` on the card, `approve 7k` on a phone. */
import { createHash } from 'node:crypto';

/** A digit before a letter: no name of a run, cluster or option begins with a digit, so a code is never taken for one. */
const digits = '23456789';
/** Without `i`, `l` and `o`, which read like digits, and without the units of time: `5m` would be five minutes. */
const letters = 'abcefgjknpqrtuvwxyz';
/** Each has no divisor in common with the length it steps through, so no two of the first 152 gates of a run share a code. */
const digitStep = 3;
const letterStep = 7;

/** The code of a gate, made from its id (`<runId>.<number>`) alone. It names the gate within its run; gates in a row differ in both characters. */
export function gateCode(gateId: string): string {
  const run = gateId.replace(/\.[^.]*$/, '');
  const number = Number(gateId.slice(run.length + 1)) || 0;
  const [forDigit = 0, forLetter = 0] = createHash('sha256').update(run).digest();
  return `${digits.charAt((forDigit + number * digitStep) % digits.length)}${letters.charAt((forLetter + number * letterStep) % letters.length)}`;
}

/** Whether a word has the form of a code, in small letters. */
export function isGateCode(word: string): boolean {
  return word.length === 2 && digits.includes(word.charAt(0)) && letters.includes(word.charAt(1));
}
