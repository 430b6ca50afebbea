/** Tables in a fixed width: aligned, turned on their side when too wide, and never longer than what is allowed. */
import type { Table } from '../../procedures/answer.ts';
import { plain, truncate } from '../text.ts';

/** Wider than this and a window of usual size breaks the lines. */
const lineCharactersMax = 92;
const cellCharactersMax = 60;
/** Of a table on its side; the sentences below it say in full what is cut here. */
const sideCellCharactersMax = 28;
const sideRowsMax = 5;
const gap = '  ';
/** Room for the remark on what was left out. */
const remarkCharacters = 40;

/** Draws a table. Columns that hold nothing are left out; rows that do not fit are counted. */
export function drawTable(table: Table, charactersMax: number): string {
  const used = withoutEmpty({
    ...table,
    rows: table.rows.map((row) => table.columns.map((_column, index) => cell(row[index] ?? '', cellCharactersMax))),
  });
  const upright = linesOf(used);
  const tooWide = upright.some((line) => line.length > lineCharactersMax);
  const lines = tooWide && used.rows.length > 0 && used.rows.length <= sideRowsMax ? linesOf(onItsSide(used)) : upright;
  return within(lines, charactersMax);
}

function withoutEmpty({ columns, rows }: Table): Table {
  const used = columns.map((_column, index) => rows.length === 0 || rows.some((row) => row[index] !== ''));
  return { columns: columns.filter((_column, index) => used[index]), rows: rows.map((row) => row.filter((_text, index) => used[index])) };
}

/** Each row becomes a column, headed by its first cell. */
function onItsSide({ columns, rows }: Table): Table {
  const [first, ...others] = columns;
  return {
    columns: [first?.title ?? '', ...rows.map(([name = '']) => name)].map((title) => ({ title, align: 'left' as const })),
    rows: others.map(({ title }, index) => [title, ...rows.map((row) => cell(row[index + 1] ?? '', sideCellCharactersMax))]),
  };
}

function linesOf({ columns, rows }: Table): readonly string[] {
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)));
  const padded = (text: string, index: number) =>
    columns[index]?.align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  return [columns.map(({ title }) => title), ...rows].map((row) => row.map(padded).join(gap).trimEnd());
}

function within(lines: readonly string[], charactersMax: number): string {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + remarkCharacters > charactersMax) break;
    kept.push(line);
    length += line.length + 1;
  }
  const left = lines.length - kept.length;
  return truncate([...kept, ...(left > 0 ? [`… ${left} more row${left === 1 ? '' : 's'}`] : [])].join('\n'), charactersMax);
}

function cell(text: string, max: number): string {
  const line = plain(text.slice(0, 4 * max))
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
