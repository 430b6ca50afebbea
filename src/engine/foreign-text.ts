/**
 * What hosts, members and people say, made fit for a sentence, a card, a terminal or a log: bounded, and without characters that show something
 * else than there is. Whatever is cut is cut first and cleaned then; each pattern here walks through a text once.
 */
import { withoutShapes } from './shapes.ts';

/** Foreign words in a sentence. */
export const sentenceMaxCharacters = 600;

/**
 * Controls (escape sequences, line breaks), what turns the reading direction (U+202E and its like), what has no width, separators of lines,
 * halves of characters: a terminal, a browser or a reader would take the text for another one.
 */
const misleading = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Variation_Selector}\u115F\u1160\u3164\uFFA0]/u;
const allMisleading = new RegExp(`(?:${misleading.source})+`, 'gu');
/** The same but for the tab and the end of a line. */
const misleadingInLines = new RegExp(`(?![\t\n])(?:${misleading.source})`, 'gu');
/**
 * An escape sequence as a whole (ECMA-48), so that its letters do not stay behind: with parameters, with a text that has an end, with
 * intermediates, of one letter. None goes over a control character, so none is looked for twice in the same place.
 */
const escapeSequences =
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B\]|\u009D)[^\p{Cc}]*(?:\u0007|\u009C|\u001B\\)|\u001B[ -/]+[0-~]|\u001B[0-Z\\^-~]/gu;

/** Whether a text is what it looks like. */
export function isPlain(text: string): boolean {
  return !misleading.test(text);
}

/** A text without escape sequences. @param instead what stands in the place of each */
export function withoutEscapes(text: string, instead = ''): string {
  return text.replaceAll(escapeSequences, instead);
}

/** A text of one or several lines without what misleads, as it may go to a screen. Tabs and line ends stay; it is not cut, and secrets are not looked for. */
export function forScreen(text: string): string {
  return withoutEscapes(text).replaceAll(misleadingInLines, '');
}

/** One line of foreign text, at most so many characters; every run of characters that mislead becomes a blank. Secrets of known shape are taken out. */
export function cleaned(text: string, maxCharacters = sentenceMaxCharacters): string {
  const line = withoutEscapes(withoutShapes(begin(text, maxCharacters)), ' ')
    .replaceAll(allMisleading, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length > maxCharacters ? `${characters.slice(0, maxCharacters - 1).join('')}…` : line;
}

/** Several lines as they stand, indented where they are; each without what misleads. */
export function cleanedLines(text: string, maxCharacters: number): string {
  const lines = withoutShapes(begin(text, maxCharacters)).slice(0, maxCharacters).split('\n');
  return lines.map((line) => withoutEscapes(line.replaceAll('\t', '  '), ' ').replaceAll(allMisleading, ' ')).join('\n');
}

/** Foreign text at the end of a sentence of ours: without its own full stop. */
export function inSentence(text: string, maxCharacters = sentenceMaxCharacters): string {
  return withoutFullStop(cleaned(text, maxCharacters));
}

/** A text without the full stops and blanks at its end. */
export function withoutFullStop(text: string): string {
  let end = text.length;
  while (end > 0 && /[.\s]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** More than is shown, because cleaning makes it shorter, and no more than that: whatever comes after works on a bounded text. */
function begin(text: string, maxCharacters: number): string {
  return text.slice(0, 4 * maxCharacters);
}
