/** Reads a database file that a person put into the backup directory, and tells what it is. */
import { OpsError } from '../errors.ts';
import { lookAtPlain, openPlain } from '../files/plain-file.ts';
import type { SnapshotFileName } from '../ids.ts';
import type { CheckDeps } from './check.ts';
import { orElsewhere } from './find.ts';
import type { ListDeps } from './list.ts';
import type { SnapshotFile } from './snapshots.ts';
import { ownFileDoubt } from './signing.ts';
import { withStore } from './store-error.ts';

/** etcd takes a file of whole pages for one without a SHA-256: https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go */
const pageBytes = 512;
/** `magic` of a bbolt file's first meta page stands after a page header of 16 bytes: https://github.com/etcd-io/bbolt/blob/v1.3.6/db.go */
const magicOffset = 16;
const boltMagic = 0xed_0c_da_ed;

/** Whether a file is a bbolt database and nothing else: whole pages, and the mark at its beginning. @throws OpsError STORE_FAILED */
export async function isDatabase(path: string): Promise<boolean> {
  return await withStore(`read ${path}`, async () => {
    const file = await openPlain(path);
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
export async function inspect(deps: ListDeps & CheckDeps, name: SnapshotFileName): Promise<SnapshotFile> {
  const { layout, etcd, snapshotStatus } = deps;
  const path = layout.own(name);
  await demandPlainFile(deps, path);
  const { bytes, sha256, flaw } = await etcd.readSnapshotFile(path);
  const kind = flaw === undefined ? 'snapshot' : 'database-copy';
  if (flaw !== undefined && (bytes === 0 || !(await isDatabase(path)))) throw new OpsError('SNAPSHOT_INVALID', `${path} ${flaw}.`);
  const { hash, revision, totalKeys } = await snapshotStatus(path);
  const unknown = { authEnabled: undefined, v2Keys: 'unknown', takenAt: undefined } as const;
  return { name, kind, path, bytes, sha256, revision, totalKeys, hash, ...unknown, doubts: [ownFileDoubt] };
}

/** Neither a link, which could lead out of the directory, nor anything that is no file. */
async function demandPlainFile(deps: ListDeps, path: string): Promise<void> {
  const look = await lookAtPlain(path);
  if (look.ok) return;
  if (look.code === 'ENOENT')
    throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no file ${path} on the machine of the bot.${await orElsewhere(deps)}`, {
      hint: '`backups <cluster>` lists what is there; put the file into that directory.',
    });
  throw new OpsError('SNAPSHOT_INVALID', `${path} ${look.because}: only the file itself is taken.`);
}
