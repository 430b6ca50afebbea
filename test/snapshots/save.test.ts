import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SnapshotId } from '../../src/ids.ts';
import { OpsError } from '../../src/errors.ts';
import type { EtcdOverGrpc } from '../../src/etcd/create-etcd.ts';
import { origin, otherRun, progress, refusingTool, run, sent, status, testStore } from './store.ts';

const id = '20261122T070409Z-rev1234';
const part = `.${run}.part`;
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('save', () => {
  it('stores the file under its id with a sidecar, for its owner alone', async () => {
    const { snapshots, directory, file } = await testStore();

    const record = await snapshots.save({ run, origin, progress });

    expect(record).toMatchObject({
      id,
      cluster: 'prod',
      path: file(`${id}.db`),
      bytes: sent.length,
      revision: 1_234n,
      totalKeys: 3,
      hash: '2c9d4e1a',
      member: 'etcd02',
      run,
    });
    expect(await readdir(directory)).toEqual([`${id}.db`, `${id}.json`]);
    expect(await Promise.all([directory, file(`${id}.db`), file(`${id}.json`)].map(modeOf))).toEqual(['700', '600', '600']);
    expect(await snapshots.takenBy(run)).toEqual(record);
  });

  it('keeps in the sidecar all there is in the record', async () => {
    const { snapshots, file } = await testStore();

    await snapshots.save({ run, origin: { ...origin, authEnabled: undefined }, progress });

    expect(JSON.parse(await readFile(file(`${id}.json`), 'utf8'))).toMatchObject({
      format: 1,
      revision: '1234',
      authEnabled: null,
      v2Keys: 'none',
      takenAt: '2026-11-22T07:04:09.500Z',
    });
    expect(await snapshots.takenBy(run)).toMatchObject({ authEnabled: undefined, takenAt: new Date('2026-11-22T07:04:09.500Z') });
  });

  it('does not stream again what the run has stored', async () => {
    const { snapshots, again, streamed } = await testStore();
    const first = await snapshots.save({ run, origin, progress });

    const second = await again().save({ run, origin, progress });

    expect(second).toEqual(first);
    expect(streamed).toHaveLength(1);
  });

  it('begins anew over what a cut stream has left', async () => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await writeFile(file(part), sent.subarray(0, 1_000));

    await snapshots.save({ run, origin, progress });

    expect(await readdir(directory)).toEqual([`${id}.db`, `${id}.json`]);
  });

  it('finishes when it was cut after the sidecar, without streaming again', async () => {
    const { snapshots, again, streamed, directory, file } = await testStore();
    const record = await snapshots.save({ run, origin, progress });
    await rename(file(`${id}.db`), file(part));
    expect(await again().takenBy(run)).toBeUndefined();

    const finished = await again().save({ run, origin, progress });

    expect(finished).toEqual(record);
    expect(streamed).toHaveLength(1);
    expect(await readdir(directory)).toEqual([`${id}.db`, `${id}.json`]);
  });

  it('drops its sidecar when the file to it is not whole', async () => {
    const { snapshots, again, streamed, directory, file, clock } = await testStore();
    await snapshots.save({ run, origin, progress });
    await rename(file(`${id}.db`), file(part));
    await writeFile(file(part), Buffer.alloc(sent.length));
    clock.pass(60_000);

    const record = await again().save({ run, origin, progress });

    expect(record.id).toBe('20261122T070509Z-rev1234');
    expect(streamed).toHaveLength(2);
    expect(await readdir(directory)).toEqual([`${record.id}.db`, `${record.id}.json`]);
  });

  it('leaves the half-stored snapshot of another run to that run', async () => {
    const { snapshots, again, file } = await testStore();
    await snapshots.save({ run, origin, progress });
    await rename(file(`${id}.db`), file(part));

    const other = await again().save({ run: otherRun, origin, progress });

    expect(other.id).toBe('20261122T070410Z-rev1234');
    expect(await again().save({ run, origin, progress })).toMatchObject({ id, run });
  });

  it('gives two runs that meet in one second two ids', async () => {
    const { snapshots } = await testStore();

    const records = await Promise.all([run, otherRun].map((one) => snapshots.save({ run: one, origin, progress })));

    expect(records.map((record) => record.id).toSorted()).toEqual([id, '20261122T070410Z-rev1234']);
    expect((await snapshots.list()).every((stored) => stored.ok)).toBe(true);
  });

  it('never takes the place of a file that has no sidecar', async () => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await writeFile(file(`${id}.db`), 'precious');

    const record = await snapshots.save({ run, origin, progress });

    expect(record.id).toBe('20261122T070410Z-rev1234');
    expect(await readFile(file(`${id}.db`), 'utf8')).toBe('precious');
  });

  it('stores nothing that the tool refuses', async () => {
    const { again, directory } = await testStore();

    await expect(again({ snapshotStatus: refusingTool }).save({ run, origin, progress })).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
    });

    expect(await readdir(directory)).toEqual([]);
  });

  it('stores nothing when the stream fails', async () => {
    const { again, directory, options } = await testStore();
    const etcd: EtcdOverGrpc['saveSnapshot'] = () => Promise.reject(new OpsError('ETCD_UNREACHABLE', 'cut'));

    await expect(again({ etcd: { ...options.etcd, saveSnapshot: etcd } }).save({ run, origin, progress })).rejects.toMatchObject({
      code: 'ETCD_UNREACHABLE',
    });

    expect(await readdir(directory)).toEqual([]);
  });

  it('sees that somebody else writes the same file', async () => {
    const { again, file } = await testStore();
    const meddler = async () => {
      await writeFile(file(part), 'x');
      return status;
    };

    await expect(again({ snapshotStatus: meddler }).save({ run, origin, progress })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('something else writes there') as string,
    });
  });

  it('says when the directory cannot be made', async () => {
    const { again } = await testStore();

    await expect(again({ directory: '/dev/null' }).save({ run, origin, progress })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: 'Could not make /dev/null/prod (ENOTDIR).',
    });
  });

  it('closes a directory that was open to others', async () => {
    const { snapshots, directory } = await testStore();
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o755);

    await snapshots.save({ run, origin, progress });

    expect(await modeOf(directory)).toBe('700');
  });

  it('plans the command that it carries out', async () => {
    const { snapshots, streamed } = await testStore();

    await snapshots.save({ run, origin, progress });

    expect(snapshots.commands.save(origin.member, run)).toEqual([
      { on: 'bot', argv: ['etcdctl', 'etcd02', 'snapshot', 'save', streamed[0]] },
    ]);
  });

  it('does not write through the temporary sidecar of a cut save, which may be the stored one by another name', async () => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await writeFile(file(`.${run}.json.part`), '{');
    await link(file(`.${run}.json.part`), file('hard-link'));

    await snapshots.save({ run, origin, progress });

    expect(await readFile(file('hard-link'), 'utf8')).toBe('{');
    await rm(file('hard-link'));
  });
});

describe('saveCopy', () => {
  const database = sent.subarray(0, 2_048);
  const fetch = async (toPath: string) => {
    await writeFile(toPath, database, { flag: 'wx', mode: 0o600 });
    return { bytes: database.length, sha256: createHash('sha256').update(database).digest('hex') };
  };
  const copyOrigin = { ...origin, clusterId: undefined, authEnabled: undefined };

  it('stores the copy as what it is, and finds it again', async () => {
    const { snapshots, directory } = await testStore();

    const record = await snapshots.saveCopy({ run, origin: copyOrigin, progress, fetch });

    expect(record).toMatchObject({ id, name: id, kind: 'database-copy', clusterId: undefined, bytes: 2_048, dbSizeBytes: 2_048 });
    expect(await readdir(directory)).toEqual([`${id}.db`, `${id}.json`]);
    expect(await snapshots.takenBy(run)).toEqual(record);
    expect(await snapshots.check(record)).toMatchObject({ holds: true });
  });

  it('does not copy again what the run has stored, wherever it was cut', async () => {
    const { snapshots, again, file } = await testStore();
    const record = await snapshots.saveCopy({ run, origin: copyOrigin, progress, fetch });
    await rename(file(`${id}.db`), file(part));
    const never = () => Promise.reject(new Error('it was fetched again'));

    const finished = await again().saveCopy({ run, origin: copyOrigin, progress, fetch: never });

    expect(finished).toEqual(record);
  });

  it('stores nothing that is no whole database', async () => {
    const { snapshots, directory } = await testStore();
    const half = async (toPath: string) => {
      await writeFile(toPath, database.subarray(0, 1_000));
      return { bytes: 1_000, sha256: 'x' };
    };

    await expect(snapshots.saveCopy({ run, origin: copyOrigin, progress, fetch: half })).rejects.toMatchObject({
      code: 'SNAPSHOT_INVALID',
    });

    expect(await readdir(directory)).toEqual([]);
  });

  it('reads a sidecar from before there were copies as that of a snapshot', async () => {
    const { snapshots, file } = await testStore();
    await snapshots.save({ run, origin, progress });
    const { kind: _kind, ...old } = JSON.parse(await readFile(file(`${id}.json`), 'utf8')) as Record<string, unknown>;
    await writeFile(file(`${id}.json`), JSON.stringify(old));

    expect(await snapshots.find(SnapshotId.parse(id))).toMatchObject({ kind: 'snapshot', clusterId: 'c1' });
  });
});
