/** Tables in a fixed width: aligned, and never wider or longer than what is allowed. */
import type { Table } from '../../procedures/answer.ts';
import { plain, truncate } from '../text.ts';

const cellCharactersMax = 60;
const gap = '  ';

/** Draws a table. Columns that hold nothing are left out; rows that do not fit are counted. */
export function drawTable({ columns, rows }: Table, charactersMax: number): string {
  const cells = rows.map((row) => columns.map((_column, index) => cell(row[index] ?? '')));
  const used = columns.map(({ title }, index) => title === '' || cells.length === 0 || cells.some((row) => row[index] !== ''));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((row) => (row[index] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, index) => (columns[index]?.align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)))
      .filter((_text, index) => used[index])
      .join(gap)
      .trimEnd();
  const kept: string[] = [line(columns.map(({ title }) => title))];
  let length = kept[0]?.length ?? 0;
  for (const row of cells) {
    const text = line(row);
    if (length + text.length + 60 > charactersMax) break;
    kept.push(text);
    length += text.length + 1;
  }
  const left = cells.length - (kept.length - 1);
  return truncate([...kept, ...(left > 0 ? [`… ${left} more row${left === 1 ? '' : 's'}`] : [])].join('\n'), charactersMax);
}

function cell(text: string): string {
  const line = plain(text).replaceAll(/\s+/g, ' ').trim();
  return line.length > cellCharactersMax ? `${line.slice(0, cellCharactersMax - 1)}…` : line;
}
