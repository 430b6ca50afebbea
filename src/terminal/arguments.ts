/** The one option that is the terminal's own; every other word goes to the desk. */

const jsonOption = '--json';

/** Takes `--json` out of the words, wherever it stands before `--`. */
export function terminalWords(words: readonly string[]): { readonly json: boolean; readonly words: readonly string[] } {
  const end = words.indexOf('--');
  const isOurs = (word: string, index: number) => word === jsonOption && (end === -1 || index < end);
  return { json: words.some(isOurs), words: words.filter((word, index) => !isOurs(word, index)) };
}
