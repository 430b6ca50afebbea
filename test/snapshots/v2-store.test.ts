import { appendFile, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClusterId, MemberName, RunId, V2BackupId } from '../../src/ids.ts';
import type { V2Backups } from '../../src/snapshots/v2-backups.ts';
import { progress, testStore } from './store.ts';

const run = RunId.parse('v2-backup-prod-7f3a9c');
const otherRun = RunId.parse('v2-backup-prod-000001');
const id = V2BackupId.parse('20261122T070409Z-index5678');
const content = 'a tar, packed';
const sha256 = createHash('sha256').update(content).digest('hex');
const origin = {
  member: MemberName.parse('etcd02'),
  clusterId: ClusterId.parse('c1'),
  etcdVersion: '3.4.23',
  raftIndex: 5_678n,
  keys: 3,
  v3Keys: 0,
};

type Fetch = Parameters<V2Backups['save']>[0]['fetch'];
const fetch: Fetch = async (toPath) => {
  await writeFile(toPath, content, { flag: 'wx', mode: 0o600 });
  return { bytes: content.length, sha256 };
};
const saved = async (by = run) => {
  const store = await testStore();
  const record = await store.snapshots.v2.save({ run: by, origin, progress, fetch });
  return { ...store, record, v2: store.snapshots.v2 };
};

describe('v2-store', () => {
  it('keeps a backup under its time and index, unreadable for others, with a sidecar that gives the record back', async () => {
    const { v2, record, directory } = await saved();

    expect(record).toMatchObject({ ...origin, id, run, sha256, bytes: content.length });
    expect((await readdir(directory)).toSorted()).toEqual([`${id}.v2.json`, `${id}.v2.tar.gz`]);
    for (const file of await readdir(directory)) expect(((await stat(join(directory, file))).mode & 0o777).toString(8)).toBe('600');
    expect(await v2.list()).toEqual([{ ok: true, record }]);
    expect(await v2.find(id)).toEqual(record);
    expect(await v2.takenBy(run)).toEqual(record);
    expect(await v2.check(record)).toMatchObject({ holds: true });
  });

  it('is no snapshot, and no flawed one either', async () => {
    const { snapshots } = await saved();

    expect(await snapshots.list()).toEqual([]);
  });

  it('gives two runs that meet in one second two ids', async () => {
    const { v2, record } = await saved();

    const other = await v2.save({ run: otherRun, origin, progress, fetch });

    expect([record.id, other.id]).toEqual([id, '20261122T070410Z-index5678']);
    expect((await v2.list()).map((stored) => stored.ok && stored.record.id)).toEqual([other.id, id]);
  });

  it('is saved once by a run, also when it is asked again', async () => {
    const { v2, record } = await saved();

    expect(await v2.save({ run, origin, progress, fetch: () => Promise.reject(new Error('fetched twice')) })).toEqual(record);
  });

  it('finishes the rename of a run that was cut before it', async () => {
    const { v2, record, directory } = await saved();
    await rename(record.path, join(directory, `.${run}.v2.part`));

    const again = await v2.save({ run, origin, progress, fetch: () => Promise.reject(new Error('fetched twice')) });

    expect(again).toEqual(record);
    expect((await readdir(directory)).toSorted()).toEqual([`${id}.v2.json`, `${id}.v2.tar.gz`]);
  });

  it('is fetched anew when the cut left only half of it', async () => {
    const { v2, record, directory } = await saved();
    await rm(record.path);
    await writeFile(join(directory, `.${run}.v2.part`), 'a tar');

    const again = await v2.save({ run, origin, progress, fetch });

    expect(await readFile(again.path, 'utf8')).toBe(content);
    expect((await readdir(directory)).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  it('leaves nothing that counts when the fetching fails', async () => {
    const { snapshots } = await testStore();

    await expect(snapshots.v2.save({ run, origin, progress, fetch: () => Promise.reject(new Error('cut')) })).rejects.toThrow('cut');

    expect(await snapshots.v2.list()).toEqual([]);
  });

  it.each([
    ['another size', (path: string) => appendFile(path, 'x'), 'It has 14 bytes, its sidecar says 13.'],
    ['no sidecar', (path: string) => rm(path.replace('.tar.gz', '.json')), 'is missing or invalid'],
    ['a cut sidecar', (path: string) => writeFile(path.replace('.tar.gz', '.json'), '{"format":1'), 'is missing or invalid'],
  ])('lists one with %s as flawed, and does not give it out', async (_what, break_, because) => {
    const { v2, record } = await saved();
    await break_(record.path);

    expect(await v2.list()).toEqual([{ ok: false, file: `${id}.v2.tar.gz`, because: expect.stringContaining(because) }]);
    await expect(v2.find(id)).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  it('sees a changed byte', async () => {
    const { v2, record } = await saved();
    await writeFile(record.path, content.replace('packed', 'pocked'));

    expect(await v2.check(record)).toMatchObject({ holds: false, because: expect.stringContaining('it was changed') });
  });

  it('names those there are when one is not', async () => {
    const { v2 } = await saved();

    await expect(v2.find(V2BackupId.parse('20200101T000000Z-index1'))).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      message: expect.stringContaining(id),
    });
  });
});
