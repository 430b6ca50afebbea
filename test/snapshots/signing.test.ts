import { copyFile, readFile, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SnapshotId } from '../../src/ids.ts';
import { createSigning, unchecked, withoutKey } from '../../src/snapshots/signing.ts';
import { cluster, origin, otherRun, progress, run, testSigning, testStore } from './store.ts';

const id = SnapshotId.parse('20261122T070409Z-rev1234');
const future = SnapshotId.parse('20300101T000000Z-rev1234');
const unsigned = 'nobody vouches for this file: its sidecar has no signature';
const forged = 'nobody vouches for this file: the signature of its sidecar is by no key of this bot, or the sidecar was changed';

async function stored() {
  const store = await testStore();
  await store.snapshots.save({ run, origin, progress });
  const fields = JSON.parse(await readFile(store.file(`${id}.json`), 'utf8')) as Record<string, unknown>;
  return { ...store, fields, write: (name: string, content: object) => writeFile(store.file(`${name}.json`), JSON.stringify(content)) };
}

/** What is listed: the id and the doubts, newest first. */
async function listed({ snapshots }: Pick<Awaited<ReturnType<typeof stored>>, 'snapshots'>) {
  return (await snapshots.list()).map((one) => (one.ok ? [one.record.id, one.record.doubts] : one));
}

describe('a sidecar', () => {
  it('is vouched for as it was written, and in whatever order its fields stand', async () => {
    const store = await stored();
    await store.write(id, Object.fromEntries(Object.entries(store.fields).toReversed()));

    expect(await listed(store)).toEqual([[id, []]]);
    expect(await store.snapshots.takenBy(run)).toMatchObject({ id, signed: true });
  });

  it('copied beside a forged file with a time in the future is doubted twice, and was taken by no run', async () => {
    const store = await stored();
    await copyFile(store.file(`${id}.db`), store.file(`${future}.db`));
    await store.write(future, { ...store.fields, id: future, takenAt: '2030-01-01T00:00:00.000Z', run: otherRun });

    expect(await listed(store)).toEqual([
      [future, [forged, 'its time, 2030-01-01 00:00:00 UTC, lies in the future']],
      [id, []],
    ]);
    expect(await store.snapshots.takenBy(otherRun)).toBeUndefined();
  });

  it.each([
    ['the hash of the file', { sha256: '0'.repeat(64) }],
    ['its time', { takenAt: '2026-11-22T07:05:00.000Z' }],
    ['the run', { run: otherRun }],
    ['whether auth was on', { authEnabled: false }],
    ['the signature', { signature: '0'.repeat(64) }],
    ['the length of the signature', { signature: 'ab' }],
  ])('is doubted when %s in it was changed', async (_what, change) => {
    const store = await stored();
    await store.write(id, { ...store.fields, ...change });

    expect(await listed(store)).toEqual([[id, [forged]]]);
  });

  it('from before there were signatures is doubted, and still found by its name', async () => {
    const store = await stored();
    const { signature: _signature, ...old } = store.fields;
    await store.write(id, old);

    const record = await store.snapshots.find(id);

    expect(record).toMatchObject({ signed: false, doubts: [unsigned] });
    expect(await store.snapshots.check(record)).toMatchObject({ holds: true });
  });

  it('whose time is a little ahead is a clock that is a little ahead', async () => {
    const store = await stored();
    store.clock.pass(-4 * 60_000);
    expect(await listed(store)).toEqual([[id, []]]);

    store.clock.pass(-2 * 60_000);
    expect(await listed(store)).toEqual([[id, ['its time, 2026-11-22 07:04:09 UTC, lies in the future']]]);
  });

  it('is known by every key that is accepted, and signed by the first', async () => {
    const store = await stored();
    const [old, fresh] = ['5e'.repeat(32), 'aa'.repeat(32)];
    const rotated = createSigning([fresh, old]);
    await store.again({ signing: rotated }).save({ run: otherRun, origin, progress });

    expect((await store.again({ signing: rotated }).list()).map((one) => one.ok && one.record.signed)).toEqual([true, true]);
    expect((await store.again({ signing: createSigning([fresh]) }).list()).map((one) => one.ok && one.record.signed)).toEqual([
      true,
      false,
    ]);
    expect(rotated.keyIds).toHaveLength(2);
    expect(rotated.keyIds[1]).toBe(testSigning.keyIds[0]);
  });

  it('of a run that was cut is finished only when it is signed', async () => {
    const store = await stored();
    const { signature: _signature, ...theirs } = store.fields;
    await store.write(future, { ...theirs, id: future, run: otherRun });

    const record = await store.snapshots.save({ run: otherRun, origin, progress });

    expect(record.id).not.toBe(future);
    expect(store.streamed).toHaveLength(2);
  });
});

describe('a bot without a key', () => {
  it('stores nothing, says why before anything is streamed, and still finds what is named', async () => {
    const store = await stored();
    const without = store.again({ signing: withoutKey('/backups/.signing-key is a directory and not a file.') });

    await expect(without.save({ run: otherRun, origin, progress })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: 'No backup can be stored, because it could not be signed. /backups/.signing-key is a directory and not a file.',
    });

    expect(store.streamed).toHaveLength(1);
    expect(await without.find(id)).toMatchObject({ cluster, signed: false });
  });
});

describe('who only looks, without the key', () => {
  it('doubts no signature that was not checked, and still what has none', async () => {
    const store = await stored();
    const looking = store.again({ signing: unchecked('/backups/.signing-key cannot be read by this user (EACCES).') });
    expect((await looking.list()).map((one) => one.ok && one.record.doubts)).toEqual([[]]);

    const { signature: _signature, ...old } = store.fields;
    await store.write(id, old);

    expect((await looking.list()).map((one) => one.ok && one.record.doubts)).toEqual([[unsigned]]);
  });
});

describe('a backup of API 2', () => {
  it('is doubted by the same rules', async () => {
    const store = await testStore();
    const v2Origin = { member: origin.member, clusterId: undefined, etcdVersion: '3.4.23', raftIndex: 5n, keys: undefined, v3Keys: 0 };
    const fetch = async (toPath: string) => {
      await writeFile(toPath, 'tar');
      return { bytes: 3, sha256: 'a'.repeat(64) };
    };
    const record = await store.snapshots.v2.save({ run, origin: v2Origin, progress, fetch });
    const sidecar = record.path.replace('.tar.gz', '.json');
    const fields = JSON.parse(await readFile(sidecar, 'utf8')) as Record<string, unknown>;
    await writeFile(sidecar, JSON.stringify({ ...fields, run: otherRun, takenAt: '2030-01-01T00:00:00.000Z' }));
    await utimes(sidecar, new Date(), new Date());

    expect(await store.snapshots.v2.find(record.id)).toMatchObject({
      doubts: [forged, 'its time, 2030-01-01 00:00:00 UTC, lies in the future'],
    });
    expect(await store.snapshots.v2.takenBy(otherRun)).toBeUndefined();
    expect(record).toMatchObject({ signed: true, doubts: [] });
  });
});
