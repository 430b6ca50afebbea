/** A backup directory with an etcd that sends bytes made by hand, for tests of what is stored and what is doubted. */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { readSnapshotFile } from '../../src/etcd/snapshot-file.ts';
import { ClusterId, ClusterName, MemberName, RunId } from '../../src/ids.ts';
import type { SnapshotStatus } from '../../src/snapshots/check.ts';
import { createSnapshots } from '../../src/snapshots/create-snapshots.ts';
import type { SnapshotsOptions } from '../../src/snapshots/create-snapshots.ts';
import { createSigning } from '../../src/snapshots/signing.ts';
import type { SnapshotOrigin } from '../../src/snapshots/snapshots.ts';
import { snapshotBytes } from '../etcd/snapshot-bytes.ts';
import { fakeClock } from '../fakes/clock.ts';

export const cluster = ClusterName.parse('prod');
export const run = RunId.parse('backup-prod-7f3a9c');
export const otherRun = RunId.parse('backup-prod-000001');
export const origin: SnapshotOrigin = {
  member: MemberName.parse('etcd02'),
  clusterId: ClusterId.parse('c1'),
  etcdVersion: '3.4.23',
  dbSizeBytes: 20_480,
  authEnabled: true,
  v2Keys: 'none',
};
export const status: SnapshotStatus = { hash: '2c9d4e1a', revision: 1_234n, totalKeys: 3, totalSizeBytes: 2_048 };
/** The key of the tests' bot. */
export const testSigning = createSigning(['5e'.repeat(32)]);
export const progress = () => undefined;
/** What the fake member sends: 2,080 bytes. */
export const sent = snapshotBytes(2_048);

/** A store in a directory of its own. `change` replaces parts of the store's surroundings. */
export async function testStore(change: Partial<SnapshotsOptions> = {}) {
  const backups = await mkdtemp(join(tmpdir(), 'etcd-medic-backups-'));
  onTestFinished(() => rm(backups, { recursive: true, force: true }));
  const clock = fakeClock('2026-11-22T07:04:09.500Z');
  const streamed: string[] = [];
  const etcd: SnapshotsOptions['etcd'] = {
    saveSnapshot: async (_from, toPath) => {
      streamed.push(toPath);
      await writeFile(toPath, sent, { flag: 'wx', mode: 0o600 });
      const { bytes, sha256 } = await readSnapshotFile(toPath);
      return { bytes, sha256 };
    },
    readSnapshotFile,
    commands: {
      saveSnapshot: (from, toPath) => ({ on: 'bot', argv: ['etcdctl', from, 'snapshot', 'save', toPath] }),
    },
  };
  const options: SnapshotsOptions = {
    directory: backups,
    cluster,
    etcd,
    snapshotStatus: () => Promise.resolve(status),
    clock,
    signing: testSigning,
    permit: async () => undefined,
    ...change,
  };
  const directory = join(backups, cluster);
  return {
    snapshots: createSnapshots(options),
    /** The same directory with other surroundings: another process, after a crash. */
    again: (other: Partial<SnapshotsOptions> = {}) => createSnapshots({ ...options, ...other }),
    options,
    clock,
    directory,
    /** The paths that were streamed to. */
    streamed,
    file: (name: string) => join(directory, name),
    append: (name: string, text: string) => appendFile(join(directory, name), text),
  };
}

/** A tool that refuses every file. */
export const refusingTool = () => Promise.reject(new OpsError('SNAPSHOT_INVALID', 'etcdctl cannot read it as a snapshot.'));

/** Two snapshots, an hour apart: of `run`, then of `otherRun`. */
export async function twoStored() {
  const store = await testStore();
  await store.snapshots.save({ run, origin, progress });
  store.clock.pass(60 * 60 * 1_000);
  await store.snapshots.save({ run: otherRun, origin, progress });
  return store;
}
