/** Text in a table of Markdown. */

/** One line that keeps the table whole, whatever the text is. */
export function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', String.raw`\|`)
    .replaceAll('<', '&lt;');
}

/** Enough of an error to know what it was; the test's own output has the rest. */
export function inShort(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 300);
}
