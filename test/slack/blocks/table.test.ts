/** Tables. */
import { describe, expect, it } from 'vitest';
import { drawTable } from '../../../src/slack/blocks/table.ts';

const columns = [
  { title: 'MEMBER', align: 'left' as const },
  { title: 'SIZE', align: 'right' as const },
  { title: 'ERRORS', align: 'left' as const },
];

describe('drawTable', () => {
  it('aligns columns, numbers to the right, and leaves out what is empty', () => {
    expect(
      drawTable(
        {
          columns,
          rows: [
            ['etcd01', '22 MB', ''],
            ['e2', '1 MB', ''],
          ],
        },
        1_000,
      ),
    ).toBe('MEMBER   SIZE\netcd01  22 MB\ne2       1 MB');
  });

  it('turns a wide table of few rows on its side', () => {
    const wide = [...columns, { title: 'NOTE', align: 'left' as const }];
    const rows = ['etcd01', 'etcd02'].map((name) => [name, '1 MB', 'x'.repeat(100), 'y'.repeat(20)]);

    const drawn = drawTable({ columns: wide, rows }, 1_000).split('\n');

    expect(drawn).toEqual([
      `MEMBER  ${'etcd01'.padEnd(28)}  etcd02`,
      `SIZE    ${'1 MB'.padEnd(28)}  1 MB`,
      `ERRORS  ${'x'.repeat(27)}…  ${'x'.repeat(27)}…`,
      `NOTE    ${'y'.repeat(20).padEnd(28)}  ${'y'.repeat(20)}`,
    ]);
  });

  it('counts the rows that do not fit', () => {
    const rows = Array.from({ length: 50 }, (_, index) => [`etcd${index}`, '1 MB', '']);

    const drawn = drawTable({ columns, rows }, 300);

    expect(drawn.length).toBeLessThanOrEqual(300);
    expect(drawn).toMatch(/… \d+ more rows$/);
  });
});
