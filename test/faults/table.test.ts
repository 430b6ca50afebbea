/** The page of faults: totals, failed rows, and what a row must not break. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRow, readRows } from './rows.ts';
import type { Row } from './rows.ts';
import { pageOf } from './table.ts';

const facts = { version: '0.1.0', node: '24.21.0', cores: 2, missing: [] };

function row(over: Partial<Row> = {}): Row {
  return {
    area: 'crash',
    file: 'crash-restore.faults.test.ts',
    fault: 'worker killed (SIGKILL)',
    procedure: 'restore',
    where: 'at every step boundary',
    etcd: '3.4',
    outcome: 'completed',
    held: true,
    dataLost: 'none',
    duplicates: 'none',
    times: 20,
    takeUpSeconds: [1, 6.4, 3],
    at: '2026-11-22T10:00:00.000Z',
    ...over,
  };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'medic-rows-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the page of faults', () => {
  it('counts what was tried, and shows how long a take-up took', () => {
    const page = pageOf([row(), row({ etcd: '3.5', times: 5, takeUpSeconds: [7] })], facts);

    expect(page).toContain('**2 cases, 2 as promised, 0 not.** The faults were done 25 times.');
    expect(page).toContain('4 runs taken up by another worker, 1.0–7.0 s (median 3.0) after the fault.');
    expect(page).toContain('| restore | at every step boundary | 3.4 | 20 | completed | 1.0–6.4 s (median 3.0) | none | none |');
  });

  it('claims nothing when nothing was tried', () => {
    expect(pageOf([], facts)).toContain('Nothing was tried yet');
  });

  it('hides no test that failed', () => {
    const page = pageOf([row(), row({ where: 'inside start', held: false, outcome: 'it hung', dataLost: 'not known' })], facts);

    expect(page).toContain('2 cases, 1 as promised, 1 not.');
    expect(page).toContain('**failed**: it hung');
    expect(page).toContain('Data lost: none in 1 cases; 1 others say what.');
  });

  it('keeps its table whole whatever an outcome says', () => {
    const page = pageOf([row({ outcome: 'a | b\nc <x>' })], facts);

    expect(page).toContain(String.raw`| a \| b c &lt;x> |`);
  });
});

describe('rows', () => {
  it('replace earlier ones of the same fault, and keep the others', () => {
    const file = join(directory, 'rows.jsonl');
    for (const one of [row({ held: false }), row({ etcd: '3.5' }), row()]) addRow(one, file);

    expect(readRows(file).map(({ etcd, held }) => [etcd, held])).toEqual([
      ['3.4', true],
      ['3.5', true],
    ]);
  });
});
