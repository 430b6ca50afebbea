import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fails, holds } from '../../src/engine/finding.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { checkedOnce } from '../../src/snapshots/checked-once.ts';
import type { SnapshotFile } from '../../src/snapshots/snapshots.ts';
import { anotherGrain } from './time-grain.ts';

describe('checkedOnce', () => {
  let directory: string;
  let record: SnapshotFile;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'medic-checked-'));
    record = { path: join(directory, 'x.db'), sha256: 'a', kind: 'snapshot' } as SnapshotFile;
    await writeFile(record.path, 'as it was');
  });
  afterEach(() => rm(directory, { recursive: true }));

  function counting(finding: Finding) {
    let times = 0;
    const check = checkedOnce(async () => {
      times += 1;
      return finding;
    });
    return { check, times: () => times };
  }

  it('does not read a file again that nobody has touched', async () => {
    const { check, times } = counting(holds('whole'));

    await check(record);
    const again = await check(record);

    expect(again).toEqual(holds('whole'));
    expect(times()).toBe(1);
  });

  it('reads it again when it was written to, even with its old size and time', async () => {
    const { check, times } = counting(holds());
    const then = new Date('2026-01-01T00:00:00Z');
    await utimes(record.path, then, then);
    await check(record);
    await anotherGrain(record.path);
    await writeFile(record.path, 'as it is.');
    await utimes(record.path, then, then);

    await check(record);

    expect(times()).toBe(2);
  });

  it('reads again what did not hold, and another file under that name', async () => {
    const { check, times } = counting(fails('cut'));

    await check(record);
    await check(record);
    await check({ ...record, sha256: 'b' });

    expect(times()).toBe(3);
  });
});
