/** The table people read. */
import { describe, expect, it } from 'vitest';
import { figure, results } from './results.ts';
import type { Results } from './figures.ts';
import { markdownOf as pageOf } from './table.ts';

const markdownOf = (plain: Results) => pageOf({ plain });

function rowsOf(markdown: string): string[] {
  return markdown.split('\n').filter((line) => line.startsWith('| '));
}

describe('markdownOf', () => {
  it('sets the median of both sides beside each other, with smallest and largest', () => {
    const [, row] = rowsOf(markdownOf(results({ figures: [figure({ hand: [20, 21, 25.04], bot: [8, 9.5, 12] })] })));

    expect(row).toBe('| restore | 100 MB | whole | 21.0 s (20.0–25.0) | 9.50 s (8.00–12.0) |  |  |');
  });

  it('says of each target what it is and whether it is met', () => {
    const figures = [
      figure({ bot: [0.4], target: { kind: 'at-most', value: 0.5 } }),
      figure({ hand: [10], bot: [6], target: { kind: 'at-most-of-hand', factor: 0.5 } }),
      figure({ unit: 'MB/s', hand: [200], bot: [150], target: { kind: 'at-least-of-hand', factor: 0.8 } }),
    ];

    const [, ...rows] = rowsOf(markdownOf(results({ figures })));

    expect(rows.map((row) => row.split(' | ').slice(-2).join(' '))).toEqual([
      'at most 0.50 s met |',
      'at most 5.00 s **missed** |',
      'at least 160 MB/s **missed** |',
    ]);
  });

  it('shows one run without a spread, and no size where it makes no difference', () => {
    const { megabytes: _, ...small } = figure({ case: 'status', bot: [0.123] });

    const [, row] = rowsOf(markdownOf(results({ figures: [small] })));

    expect(row).toBe('| status |  | whole |  | 0.12 s |  |  |');
  });

  it('names what was not measured, with the reason', () => {
    const because = 'needs 27000 MB of disk below /var, 3 are free';
    const markdown = markdownOf(
      results({ skipped: [{ case: 'restore', megabytes: 1_000, because }], failed: [{ case: 'status', because: 'no' }] }),
    );

    expect(markdown).toContain(`Not measured:\n- restore, 1 GB: ${because}`);
    expect(markdown).toContain('Failed:\n- status: no');
  });

  it('has a table for each network, in the same order whatever was measured first', () => {
    const [lan, plain] = [results({ figures: [figure({ bot: [2] })] }), results({ figures: [figure({ bot: [1] })] })];

    const lines = pageOf({ lan, plain }).split('\n');

    expect(lines.filter((line) => line.startsWith('## ') || line.startsWith('| restore'))).toEqual([
      '## Network plain: links as fast as the machine',
      '| restore | 100 MB | whole |  | 1.00 s |  |  |',
      '## Network lan: links of 1000 Mbit/s, 0.5 ms from one to another and back',
      '| restore | 100 MB | whole |  | 2.00 s |  |  |',
    ]);
  });

  it('begins with the machine, the date and how long it took', () => {
    const markdown = markdownOf(results());

    expect(markdown).toContain('- 2026-11-22 10:00 UTC, took 27 min 5 s');
    expect(markdown).toContain('- 2 cores (AMD EPYC), 25 GB of memory, 80 GB of disk free, load 0.3 at the start');
    expect(markdown).toContain('etcd 3.4.23 on three hosts of this machine, etcdctl 3.4.23, Node 24.21.0');
  });
});
