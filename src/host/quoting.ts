/** Turns argv into text that a POSIX shell on the other side reads back as exactly that argv. */
import { Shescape } from 'shescape';
import { OpsError } from '../errors.ts';

/**
 * shescape quietly drops what it holds for terminal control (NUL, backspace, lone CR, ESC, U+009B), and a NUL cannot be in
 * an argument at all. Dropping would run another command than the one approved, so all control characters are refused
 * before, except tab and newline, which single quotes carry. A lone surrogate has no UTF-8 form.
 */
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/u;

// Flag protection strips leading dashes; our argv is made of flags, made by us.
const shescape = new Shescape({ shell: '/bin/sh', flagProtection: false });

/**
 * Quotes a command for `/bin/sh`.
 * @throws OpsError ARGUMENT_UNSAFE when a character cannot be handed over as it is; nothing was run
 */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  const found = unsafe.exec(word)?.[0];
  if (found !== undefined) {
    const code = (found.codePointAt(0) ?? 0).toString(16).padStart(4, '0').toUpperCase();
    throw new OpsError(
      'ARGUMENT_UNSAFE',
      `The argument ${JSON.stringify(word.slice(0, 80))} holds the character U+${code}, which cannot be handed to a host as it is.`,
    );
  }
  return shescape.quote(word);
}
