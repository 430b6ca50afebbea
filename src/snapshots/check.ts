/** Reads a stored snapshot from end to end and says in one sentence what is wrong with it. */
import { basename } from 'node:path';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { isOpsError } from '../errors.ts';
import { lookAtPlain } from '../files/plain-file.ts';
import type { EtcdOverGrpc } from '../etcd/create-etcd.ts';
import type { SnapshotFile } from './snapshots.ts';

/** What `etcdctl snapshot status` or `etcdutl snapshot status` says of a file. */
export interface SnapshotStatus {
  readonly hash: string;
  readonly revision: bigint;
  readonly totalKeys: number;
  readonly totalSizeBytes: number;
}

/** What checking needs. */
export interface CheckDeps {
  readonly etcd: Pick<EtcdOverGrpc, 'readSnapshotFile'>;
  /** Runs etcd's tool. Throws SNAPSHOT_INVALID when the tool refuses the file. */
  readonly snapshotStatus: (path: string) => Promise<SnapshotStatus>;
}

/**
 * Size, SHA-256 against the sidecar, SHA-256 trailer (which a copied database does not have), and what etcd's tool reads in it. `snapshot status` itself does not look at
 * the trailer (https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go).
 * @throws OpsError STORE_FAILED or HOST_* when it could not be checked, which says nothing about the file
 */
export async function check({ etcd, snapshotStatus }: CheckDeps, record: SnapshotFile): Promise<Finding> {
  const file = basename(record.path);
  const was = wasKnown(record);
  const look = await lookAtPlain(record.path);
  if (!look.ok) return fails(look.code === 'ENOENT' ? `${file} is not there any more.` : `${file} ${look.because}.`);
  const { bytes, sha256, flaw } = await etcd.readSnapshotFile(record.path);
  if (bytes !== record.bytes && bytes > 0)
    return fails(`${file} has ${bytes} bytes, ${was} ${record.bytes}: it was ${bytes < record.bytes ? 'cut' : 'written to'}.`);
  // A copy has no SHA-256 at its end: what it was when it was taken is all there is to compare it with.
  if (flaw !== undefined && (record.kind === 'snapshot' || bytes === 0)) return fails(`${file} ${flaw}.`);
  if (sha256 !== record.sha256) return fails(`${file} has SHA-256 ${sha256}, ${was} ${record.sha256}: it is another snapshot.`);
  try {
    return statusAgrees(file, record, await snapshotStatus(record.path));
  } catch (error) {
    if (isOpsError(error, 'SNAPSHOT_INVALID')) return fails(`${file}: ${error.message}`);
    throw error;
  }
}

function statusAgrees(file: string, record: SnapshotFile, status: SnapshotStatus): Finding {
  const differences = (['hash', 'revision', 'totalKeys'] as const).filter((field) => status[field] !== record[field]);
  if (differences.length > 0) {
    return fails(
      `${file} holds ${differences.map((field) => `${words[field]} ${status[field]} (${wasKnown(record)} ${record[field]})`).join(', ')}.`,
    );
  }
  return holds(
    `${file}: ${record.bytes} bytes, SHA-256 ${record.sha256.slice(0, 12)}…, revision ${record.revision}, ${record.totalKeys} keys, hash ${record.hash}.`,
  );
}

/** A person's own file has no sidecar: it is held against what was read of it when the run began. */
function wasKnown(record: SnapshotFile): string {
  return 'run' in record ? 'its sidecar says' : 'when it was chosen it was';
}

const words = { hash: 'hash', revision: 'revision', totalKeys: 'total keys' } as const;
