import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { otherRun, run, testStore, twoStored } from './store.ts';

const id = '20261122T070409Z-rev1234';
const later = '20261122T080409Z-rev1234';

describe('list', () => {
  it('is empty before the first backup', async () => {
    const { snapshots } = await testStore();

    expect(await snapshots.list()).toEqual([]);
  });

  it('gives the newest first', async () => {
    const { snapshots } = await twoStored();

    expect((await snapshots.list()).map((stored) => stored.ok && stored.record.id)).toEqual([later, id]);
  });

  it.each([
    ['a missing sidecar', `${id}.db`, `Its sidecar ${id}.json is missing.`, ({ file }) => rm(file(`${id}.json`))],
    ['a missing file', `${id}.json`, `Its file ${id}.db is missing.`, ({ file }) => rm(file(`${id}.db`))],
    ['another size', `${id}.db`, 'It has 2085 bytes, its sidecar says 2080.', ({ append }) => append(`${id}.db`, 'extra')],
    ['a cut sidecar', `${id}.db`, `Its sidecar ${id}.json is no JSON: it was cut or changed.`, ({ append }) => append(`${id}.json`, 'x')],
    [
      'a changed sidecar',
      `${id}.db`,
      `Its sidecar ${id}.json is invalid: sha256: Invalid string: must match pattern /^[0-9a-f]{64}$/.`,
      ({ file }) => writeFile(file(`${id}.json`), sidecar({ sha256: 'ab' })),
    ],
    [
      'a sidecar of another snapshot',
      `${id}.db`,
      `Its sidecar ${id}.json is that of ${later}.`,
      ({ file }) => writeFile(file(`${id}.json`), sidecar({ id: later })),
    ],
    [
      'a sidecar of another cluster',
      `${id}.db`,
      `Its sidecar ${id}.json is that of a snapshot of the cluster test.`,
      ({ file }) => writeFile(file(`${id}.json`), sidecar({ cluster: 'test' })),
    ],
  ] satisfies [string, string, string, (store: Awaited<ReturnType<typeof twoStored>>) => Promise<void>][])(
    'shows %s with the reason',
    async (_what, flawed, because, harm) => {
      const store = await twoStored();
      await harm(store);

      const [newest, second] = await store.snapshots.list();

      expect(newest).toMatchObject({ ok: true });
      expect(second).toEqual({
        ok: false,
        file: flawed,
        because,
      });
    },
  );

  it('shows a file of another origin, and leaves other files alone', async () => {
    const { snapshots, directory, file } = await testStore();
    await mkdir(directory, { recursive: true });
    await Promise.all(['by-hand.db', 'by hand.db', 'README', 'notes.json'].map((name) => writeFile(file(name), '')));

    expect(await snapshots.list()).toEqual([
      { ok: false, file: 'by-hand.db', because: 'It was not saved by this bot.', usableAs: 'file:by-hand.db' },
      { ok: false, file: 'by hand.db', because: expect.stringContaining('its name holds more than') as string },
    ]);
  });

  it('shows what a run left behind only when it is older than a day', async () => {
    const { snapshots, directory, file, clock } = await testStore();
    await mkdir(directory, { recursive: true });
    await writeFile(file(`.${run}.part`), '');
    await writeFile(file(`.${otherRun}.part`), '');
    const now = clock.now();
    await utimes(file(`.${run}.part`), now, new Date(now.getTime() - 25 * 60 * 60 * 1_000));
    await utimes(file(`.${otherRun}.part`), now, now);

    expect(await snapshots.list()).toEqual([
      { ok: false, file: `.${run}.part`, because: expect.stringContaining('left behind') as string },
    ]);
  });

  it('says when the directory cannot be read', async () => {
    const { again } = await testStore();

    await expect(again({ directory: '/dev/null' }).list()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: 'Could not list /dev/null/prod (ENOTDIR).',
    });
  });
});

function sidecar(change: Readonly<Record<string, unknown>>): string {
  const whole = {
    format: 1,
    id,
    cluster: 'prod',
    bytes: 2_080,
    sha256: 'a'.repeat(64),
    revision: '1234',
    totalKeys: 3,
    hash: '2c9d4e1a',
    clusterId: 'c1',
    member: 'etcd02',
    etcdVersion: '3.4.23',
    dbSizeBytes: 1,
    authEnabled: null,
    v2Keys: 'none',
    takenAt: '2026-11-22T07:04:09.500Z',
    run,
  };
  return JSON.stringify({ ...whole, ...change });
}
