/** Arguments through the real session script and a real /bin/sh: each arrives as one argument, as it was, or nothing is run. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpsError } from '../../src/errors.ts';
import { look } from '../../src/host/command.ts';
import type { HostCommand } from '../../src/host/command.ts';
import { frames, sessionScript } from '../../src/host/script.ts';
import { hostileArgument, isUnsayable, mayBeTooLong, saidBack, sayBack } from './hostile-arguments.ts';

const nonce = '0123456789abcdef0123456789abcdef';

/** As sshd does it: the login shell gets the script as one line. */
function session(...commands: readonly HostCommand[]): readonly Buffer[] {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', sessionScript(commands, nonce)], { env: {}, maxBuffer: 10_000_000 });
  return frames(stdout, stderr, nonce)
    .slice(1)
    .map((frame) => frame.stdout);
}

/** The refusal of a session, if it is refused. Anything else that is thrown is thrown on. */
function refusalOf(...commands: readonly HostCommand[]): string | undefined {
  try {
    sessionScript(commands, nonce);
    return undefined;
  } catch (error) {
    if (isOpsError(error, 'ARGUMENT_UNSAFE')) return error.message;
    throw error;
  }
}

describe('an argument of a session', () => {
  it('arrives as one argument, as it was, or is refused before anything runs', () => {
    fc.assert(
      fc.property(fc.array(hostileArgument, { minLength: 1, maxLength: 4 }), (words) => {
        if (refusalOf(sayBack(words), look('echo', 'after')) !== undefined) {
          expect(words.some(isUnsayable) || mayBeTooLong(words)).toBe(true);
          return;
        }
        expect(words.some(isUnsayable)).toBe(false);
        // What follows still runs, and under its own name: nothing of the words has become a command.
        const [said, after] = session(sayBack(words), look('echo', 'after'));
        expect(saidBack(said ?? '')).toEqual(words);
        expect(after?.toString()).toBe('after\n');
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  it.each([
    ['arrives whole', 'x'.repeat(10_240), true],
    ['of shell’s own signs arrives whole', '"$(id)`id`\\'.repeat(1_024), true],
    ['of letters of four bytes arrives whole', '🧯'.repeat(2_560), true],
    ['of single quotes alone is refused: quoted twice they are more than a process takes', `'`.repeat(10_240), false],
  ])('of 10 kB %s', (_what, word, arrives) => {
    const refusal = refusalOf(sayBack([word]));

    if (arrives) expect(saidBack(session(sayBack([word]))[0] ?? '')).toEqual([word]);
    else expect(refusal).toMatch(/at most 131071 can be handed over; nothing was run/);
  });

  it('cannot forge the mark that ends an answer without knowing the nonce of its session', () => {
    const forged = `\n${'f'.repeat(32)} 0 1\n`;

    expect(saidBack(session(sayBack([forged]))[0] ?? '')).toEqual([forged]);
  });

  it('is refused with a sentence that shows neither the character itself nor all of a long text', () => {
    fc.assert(
      fc.property(hostileArgument, (word) => {
        fc.pre(isUnsayable(word));
        const message = refusalOf(sayBack([word])) ?? '';
        expect(message).toMatch(/U\+[0-9A-F]{4}/);
        expect(message.length).toBeLessThan(700);
        expect(message).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
      }),
    );
  });
});
