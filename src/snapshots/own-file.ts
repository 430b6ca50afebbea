/** Reads a database file that a person put into the backup directory, and tells what it is. */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { OpsError } from '../errors.ts';
import type { SnapshotFileName } from '../ids.ts';
import type { CheckDeps } from './check.ts';
import type { ListDeps } from './list.ts';
import type { SnapshotFile } from './snapshots.ts';
import { systemCode, withStore } from './store-error.ts';

/** etcd takes a file of whole pages for one without a SHA-256: https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go */
const pageBytes = 512;
/** `magic` of a bbolt file's first meta page stands after a page header of 16 bytes: https://github.com/etcd-io/bbolt/blob/v1.3.6/db.go */
const magicOffset = 16;
const boltMagic = 0xed_0c_da_ed;

/** Whether a file is a bbolt database and nothing else: whole pages, and the mark at its beginning. @throws OpsError STORE_FAILED */
export async function isDatabase(path: string): Promise<boolean> {
  return await withStore(`read ${path}`, async () => {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const head = Buffer.alloc(magicOffset + 4);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      const { size } = await file.stat();
      return bytesRead === head.length && head.readUInt32LE(magicOffset) === boltMagic && size % pageBytes === 0;
    } finally {
      await file.close();
    }
  });
}

/**
 * Reads the whole file. With a valid SHA-256 at its end it is a snapshot; a bbolt database without one is a copy; anything else is refused,
 * above all a snapshot whose SHA-256 is wrong.
 * @throws OpsError SNAPSHOT_NOT_FOUND, SNAPSHOT_INVALID, STORE_FAILED
 */
export async function inspect({ layout, etcd, snapshotStatus }: ListDeps & CheckDeps, name: SnapshotFileName): Promise<SnapshotFile> {
  const path = layout.own(name);
  await demandPlainFile(path);
  const { bytes, sha256, flaw } = await etcd.readSnapshotFile(path);
  const kind = flaw === undefined ? 'snapshot' : 'database-copy';
  if (flaw !== undefined && (bytes === 0 || !(await isDatabase(path)))) throw new OpsError('SNAPSHOT_INVALID', `${path} ${flaw}.`);
  const { hash, revision, totalKeys } = await snapshotStatus(path);
  return { name, kind, path, bytes, sha256, revision, totalKeys, hash, authEnabled: undefined, v2Keys: 'unknown', takenAt: undefined };
}

/** Neither a link, which could lead out of the directory, nor anything that is no file. */
async function demandPlainFile(path: string): Promise<void> {
  const found = await withStore(`look at ${path}`, async () => {
    try {
      return await lstat(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
  if (found === undefined)
    throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no file ${path} on the machine of the bot.`, {
      hint: '`backups <cluster>` lists what is there; put the file into that directory.',
    });
  if (!found.isFile())
    throw new OpsError(
      'SNAPSHOT_INVALID',
      `${path} is ${found.isSymbolicLink() ? 'a symbolic link' : 'not a file'}: only the file itself is taken.`,
    );
}
