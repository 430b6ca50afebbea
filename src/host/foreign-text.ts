/** What a host says, made fit for a sentence, a card or a log: bounded, and without characters that show something else than there is. */
import { withoutShapes } from '../engine/conceal.ts';
import { sentenceMaxCharacters } from './limits.ts';

/**
 * Controls (escape sequences, line breaks), what turns the reading direction (U+202E and its like), what has no width, separators of lines,
 * halves of characters: a terminal, a browser or a reader would take the text for another one.
 */
const misleading = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Variation_Selector}\u115F\u1160\u3164\uFFA0]/u;
const allMisleading = new RegExp(`(?:${misleading.source})+`, 'gu');
/** An escape sequence as a whole (ECMA-48), so that its letters do not stay behind. */
const escapeSequences = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\^_])/g;

/** Whether a text is what it looks like. */
export function isPlain(text: string): boolean {
  return !misleading.test(text);
}

/** One line of foreign text, at most so many characters; every run of characters that mislead becomes a blank. Secrets of known shape are taken out. */
export function cleaned(text: string, maxCharacters = sentenceMaxCharacters): string {
  // Cut first: whatever comes after works on a bounded text.
  const bounded = text.slice(0, 4 * maxCharacters);
  const line = withoutShapes(bounded).replaceAll(escapeSequences, ' ').replaceAll(allMisleading, ' ').trim();
  const characters = Array.from(line);
  return characters.length > maxCharacters ? `${characters.slice(0, maxCharacters - 1).join('')}…` : line;
}

/** Several lines as they stand, indented where they are; each without what misleads. */
export function cleanedLines(text: string, maxCharacters: number): string {
  const lines = withoutShapes(text.slice(0, 4 * maxCharacters))
    .slice(0, maxCharacters)
    .split('\n');
  return lines.map((line) => line.replaceAll('\t', '  ').replaceAll(escapeSequences, ' ').replaceAll(allMisleading, ' ')).join('\n');
}

/** Foreign text at the end of a sentence of ours: without its own full stop. */
export function inSentence(text: string, maxCharacters = sentenceMaxCharacters): string {
  return cleaned(text, maxCharacters).replace(/[.\s]+$/, '');
}
