/** Text from people and hosts in a Markdown file, where it can end no line, close no fence and begin no cell. */
import { plain } from './text.ts';

/** In a fence that it cannot close. */
export function fenced(text: string): string[] {
  const shown = plain(text).trimEnd();
  if (shown === '') return [];
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`  ${fence}`, ...shown.split('\n').map((line) => `  ${line}`), `  ${fence}`];
}

/** On one line. */
export function oneLine(text: string): string {
  return plain(text).replaceAll(/\s+/g, ' ').trim();
}

/** On one line, in one cell of a table. */
export function cell(text: string): string {
  return oneLine(text).replaceAll('|', String.raw`\|`);
}

/** With its line ends, but no empty line. */
export function oneParagraph(text: string): string {
  return plain(text)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n');
}
