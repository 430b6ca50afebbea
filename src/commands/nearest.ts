/** The right word nearest to a mistaken one. */
import { closest, distance } from 'fastest-levenshtein';

const comparedCharactersMax = 60;

/** Finds the word that was probably meant; nothing when none is near enough to be worth naming. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const compared = word.slice(0, comparedCharactersMax).toLowerCase();
  if (candidates.length === 0 || compared === '') return undefined;
  const folded = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const found = closest(compared, [...folded.keys()]);
  const reach = Math.ceil(Math.max(compared.length, found.length) / 3);
  return distance(compared, found) <= reach ? folded.get(found) : undefined;
}

/** ` Did you mean \`x\`?`, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : ` Did you mean \`${found}\`?`;
}

/** A mistaken word as it is quoted back: short, and without what would break the line. */
export function quoted(word: string): string {
  const line = word
    .slice(0, 4 * comparedCharactersMax)
    .replaceAll(/[\s`\p{Cc}]+/gu, ' ')
    .trim();
  return `\`${line.length > comparedCharactersMax ? `${line.slice(0, comparedCharactersMax)}…` : line || ' '}\``;
}
