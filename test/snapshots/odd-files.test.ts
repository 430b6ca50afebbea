import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SnapshotFileName, SnapshotId } from '../../src/ids.ts';
import { unprivileged } from '../files/unprivileged.ts';
import { otherRun, origin, progress, testStore, twoStored } from './store.ts';

const id = SnapshotId.parse('20261122T070409Z-rev1234');
const later = '20261122T080409Z-rev1234';
const pipe = (path: string) => execFileSync('mkfifo', [path]);

/** What somebody could put in the place of a file. */
const odd: readonly (readonly [string, string, (path: string) => unknown])[] = [
  ['a pipe', 'is a pipe and not a file', pipe],
  ['a link', 'is a symbolic link and not a file', (path) => symlink('/etc/hostname', path)],
  ['a link to a device', 'is a symbolic link and not a file', (path) => symlink('/dev/zero', path)],
  ['a directory', 'is a directory and not a file', (path) => mkdir(path)],
];

describe('a directory of backups that others can write to', () => {
  it.each(odd)('lists %s in the place of a snapshot with its reason', async (_what, because, put) => {
    const { snapshots, file } = await twoStored();
    await rename(file(`${id}.db`), file('elsewhere'));
    await put(file(`${id}.db`));

    expect((await snapshots.list())[1]).toEqual({ ok: false, file: `${id}.db`, because: `It ${because}.` });
    await expect(snapshots.find(id)).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  it.each<readonly [string, string, (path: string) => unknown]>([
    ...odd,
    ['a huge file', 'is larger than 65536 bytes, which such a file never is', (path) => writeFile(path, '['.repeat(100_000))],
    ['brackets without end', 'is no JSON: it was cut or changed', (path) => writeFile(path, '['.repeat(60_000))],
  ])('lists %s in the place of a sidecar with its reason', async (_what, because, put) => {
    const { snapshots, file } = await twoStored();
    await rm(file(`${id}.json`));
    await put(file(`${id}.json`));

    expect(await snapshots.list()).toMatchObject([
      { ok: true, record: { id: later } },
      { ok: false, file: `${id}.db`, because: `Its sidecar ${id}.json ${because}.` },
    ]);
  });

  it.each(odd)('lists %s among files of a person, and takes it for none', async (_what, because, put) => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await put(file('mine.db'));

    expect(await snapshots.list()).toEqual([{ ok: false, file: 'mine.db', because: `It ${because}.` }]);
    await expect(snapshots.inspect(SnapshotFileName.parse('file:mine.db'))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  it('says of a snapshot that became a pipe what it is, and does not wait for it', async () => {
    const { snapshots, file } = await twoStored();
    const record = await snapshots.find(id);
    await rm(file(`${id}.db`));
    pipe(file(`${id}.db`));

    expect(await snapshots.check(record)).toEqual({ holds: false, because: `${id}.db is a pipe and not a file.` });
  });

  it('saves beside a pipe that lies where its own file would', async () => {
    const { snapshots, file, directory } = await testStore();
    await mkdir(directory, { recursive: true });
    pipe(file(`.${otherRun}.part`));

    expect(await snapshots.save({ run: otherRun, origin, progress })).toMatchObject({ signed: true });
  });

  it('lists a sidecar of API 2 that is a pipe as one that is missing', async () => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await writeFile(file('20261122T070409Z-index5.v2.tar.gz'), 'tar');
    pipe(file('20261122T070409Z-index5.v2.json'));
    pipe(file('20261122T080409Z-index5.v2.tar.gz'));

    expect(await snapshots.v2.list()).toMatchObject([
      { ok: false, because: 'It is a pipe and not a file.' },
      { ok: false, because: expect.stringContaining('is missing or invalid') as string },
    ]);
  });

  it('lists a sidecar that may not be read', async () => {
    const { snapshots, directory, file } = await twoStored();
    await chmod(file(`${id}.json`), 0);
    const beside = (await readdir(directory)).map((name) => join(directory, name));

    const listed = await unprivileged([dirname(directory), directory, ...beside], () => snapshots.list());

    expect(listed[1]).toMatchObject({ because: `Its sidecar ${id}.json cannot be read by this user (EACCES).` });
  });
});
