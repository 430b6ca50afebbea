import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SnapshotFileName } from '../../src/ids.ts';
import { snapshotBytes } from '../etcd/snapshot-bytes.ts';
import { refusingTool, testStore } from './store.ts';

const name = SnapshotFileName.parse('file:etcd01.db');
/** A bbolt file without the SHA-256 that etcd puts behind it. */
const database = snapshotBytes(2_048).subarray(0, 2_048);

async function storeWith(bytes: Buffer) {
  const store = await testStore();
  await mkdir(store.directory, { recursive: true });
  await writeFile(store.file('etcd01.db'), bytes);
  return store;
}

describe('a name of a file that a person put there', () => {
  it.each(['file:../etcd01.db', 'file:/etc/passwd.db', 'file:.hidden.db', 'file:a/b.db', 'file:a b.db', 'file:a', 'file:.db', 'etcd01.db'])(
    'is not %s',
    (typed) => {
      expect(SnapshotFileName.safeParse(typed).success).toBe(false);
    },
  );
});

describe('inspect', () => {
  it('takes a bbolt file of whole pages for a copied database', async () => {
    const { snapshots, file } = await storeWith(database);

    const found = await snapshots.inspect(name);

    expect(found).toMatchObject({ kind: 'database-copy', path: file('etcd01.db'), bytes: 2_048, revision: 1_234n, takenAt: undefined });
    expect(await snapshots.check(found)).toMatchObject({ holds: true });
  });

  it('takes a file with a valid SHA-256 at its end for a snapshot', async () => {
    const { snapshots } = await storeWith(snapshotBytes(2_048));

    expect(await snapshots.inspect(name)).toMatchObject({ kind: 'snapshot', bytes: 2_080 });
  });

  it.each([
    ['a snapshot whose SHA-256 is wrong', Buffer.concat([database, Buffer.alloc(32)]), 'bytes in it have changed'],
    ['a cut snapshot', snapshotBytes(2_048).subarray(0, 2_000), 'is cut'],
    ['something else of whole pages', Buffer.alloc(2_048, 1), 'is no etcd snapshot'],
    ['an empty file', Buffer.alloc(0), 'is empty'],
  ])('refuses %s', async (_what, bytes, because) => {
    const { snapshots } = await storeWith(bytes);

    await expect(snapshots.inspect(name)).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
      message: expect.stringContaining(because) as string,
    });
  });

  it('refuses what the tool cannot read', async () => {
    const { again } = await storeWith(database);

    await expect(again({ snapshotStatus: refusingTool }).inspect(name)).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  it('follows no symbolic link, and takes no directory', async () => {
    const { snapshots, file } = await storeWith(database);
    await symlink(file('etcd01.db'), file('link.db'));
    await mkdir(file('dir.db'));

    await expect(snapshots.inspect(SnapshotFileName.parse('file:link.db'))).rejects.toMatchObject({
      message: expect.stringContaining('symbolic link') as string,
    });
    await expect(snapshots.inspect(SnapshotFileName.parse('file:dir.db'))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  it('says that there is no such file', async () => {
    const { snapshots } = await testStore();

    await expect(snapshots.inspect(name)).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });

  it('sees that a copy was changed after it was chosen', async () => {
    const { snapshots, file } = await storeWith(database);
    const found = await snapshots.inspect(name);
    await truncate(file('etcd01.db'), 1_024);

    expect(await snapshots.check(found)).toEqual({
      holds: false,
      because: 'etcd01.db has 1024 bytes, when it was chosen it was 2048: it was cut.',
    });
  });
});
