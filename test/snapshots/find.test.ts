import { rename } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SnapshotId } from '../../src/ids.ts';
import { testStore, twoStored } from './store.ts';

const id = SnapshotId.parse('20261122T070409Z-rev1234');
const later = SnapshotId.parse('20261122T080409Z-rev1234');

describe('find', () => {
  it('finds by id', async () => {
    const { snapshots } = await twoStored();
    const [newest] = await snapshots.list();

    expect(newest?.ok && (await snapshots.find(newest.record.id))).toEqual(newest?.ok && newest.record);
  });

  it('offers the nearest ids on a typing mistake', async () => {
    const { snapshots, options } = await twoStored();
    const typed = SnapshotId.parse('20261122T070408Z-rev1234');

    await expect(snapshots.find(typed)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      message: `There is no snapshot ${typed} of ${options.cluster}. Nearest: ${id}, ${later}.`,
    });
  });

  it('says that none is stored', async () => {
    const { snapshots } = await testStore();

    await expect(snapshots.find(id)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      message: expect.stringContaining('None of prod is stored.') as string,
    });
  });

  it('says why the one that is meant cannot be used', async () => {
    const { snapshots, file } = await twoStored();
    await rename(file(`${id}.json`), file('elsewhere'));

    await expect(snapshots.find(id)).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
      message: `The snapshot ${id} cannot be used. Its sidecar ${id}.json is missing.`,
    });
  });
});
