import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { snapshotBytes } from '../etcd/snapshot-bytes.ts';
import { origin, progress, refusingTool, run, status, testStore } from './store.ts';
import { anotherGrain } from './time-grain.ts';

const file = '20261122T070409Z-rev1234.db';

async function stored() {
  const store = await testStore();
  return { ...store, record: await store.snapshots.save({ run, origin, progress }) };
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[700] = (bytes[700] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe('check', () => {
  it('holds for a file as it was saved', async () => {
    const { snapshots, record } = await stored();

    expect(await snapshots.check(record)).toEqual({
      holds: true,
      note: `${file}: 2080 bytes, SHA-256 ${record.sha256.slice(0, 12)}…, revision 1234, 3 keys, hash 2c9d4e1a.`,
    });
  });

  it('reads a file once as long as nobody touches it, and again when somebody did', async () => {
    const { snapshots, record } = await stored();
    const first = await snapshots.check(record);
    await anotherGrain(record.path);
    await flip(record.path);

    const second = await snapshots.check(record);

    expect(first.holds).toBe(true);
    expect(await snapshots.check(record)).toEqual(second);
    expect(second.holds).toBe(false);
  });

  it.each([
    ['is gone', (path) => rm(path), `${file} is not there any more.`],
    ['is empty', (path) => truncate(path, 0), `${file} is empty.`],
    ['was cut', (path) => truncate(path, 1_000), `${file} has 1000 bytes, its sidecar says 2080: it was cut.`],
    ['has grown', (path) => writeFile(path, 'more', { flag: 'a' }), `${file} has 2084 bytes, its sidecar says 2080: it was written to.`],
    ['has a flipped bit', flip, `${file} does not have the SHA-256 that stands at its end: bytes in it have changed.`],
    [
      'is no snapshot',
      (path) => writeFile(path, 'x'.repeat(2_080)),
      `${file} is no etcd snapshot: it does not begin as a bbolt database does.`,
    ],
  ] satisfies [string, (path: string) => Promise<void>, string][])('says that the file %s', async (_what, harm, because) => {
    const { snapshots, record } = await stored();
    await harm(record.path);

    expect(await snapshots.check(record)).toEqual({ holds: false, because });
  });

  it('knows another whole snapshot in its place', async () => {
    const { snapshots, record } = await stored();
    await writeFile(record.path, snapshotBytes(2_048, 8));

    expect(await snapshots.check(record)).toMatchObject({
      holds: false,
      because: expect.stringContaining('it is another snapshot.') as string,
    });
  });

  it('does not hold when the tool reads something else in it', async () => {
    const { again, record } = await stored();
    const other = { ...status, revision: 9n, totalKeys: 4 };

    expect(await again({ snapshotStatus: () => Promise.resolve(other) }).check(record)).toEqual({
      holds: false,
      because: `${file} holds revision 9 (its sidecar says 1234), total keys 4 (its sidecar says 3).`,
    });
  });

  it('does not hold when the tool refuses it', async () => {
    const { again, record } = await stored();

    expect(await again({ snapshotStatus: refusingTool }).check(record)).toEqual({
      holds: false,
      because: `${file}: etcdctl cannot read it as a snapshot.`,
    });
  });

  it('throws when it cannot be checked, which says nothing of the file', async () => {
    const { again, record } = await stored();
    const missingTool = () => Promise.reject(new OpsError('HOST_TOOL_MISSING', 'no etcdctl'));

    await expect(again({ snapshotStatus: missingTool }).check(record)).rejects.toMatchObject({ code: 'HOST_TOOL_MISSING' });
  });
});
