import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSnapshotFile } from '../../src/etcd/snapshot-file.ts';
import { snapshotBytes } from './snapshot-bytes.ts';

describe('snapshot-file', () => {
  it('reads a file from end to end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'etcd-medic-snapshot-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = join(directory, 'snapshot.db');
    await writeFile(path, snapshotBytes(3 * 1_024 * 1_024));

    expect(await readSnapshotFile(path)).toMatchObject({ bytes: 3 * 1_024 * 1_024 + 32, flaw: undefined });
  });

  it('says why a file cannot be read', async () => {
    await expect(readSnapshotFile('/nowhere/snapshot.db')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: '/nowhere/snapshot.db could not be read (ENOENT).',
    });
  });
});
