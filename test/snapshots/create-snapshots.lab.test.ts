import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { snapshotStatus } from '../../src/host/local.ts';
import { RunId } from '../../src/ids.ts';
import { createSnapshots } from '../../src/snapshots/create-snapshots.ts';
import type { SnapshotOrigin } from '../../src/snapshots/snapshots.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { fill } from '../etcd/filling.ts';
import { labEtcd, memberNames } from '../etcd/lab-etcd.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import type { SaveOrder } from './fixtures/save.ts';
import { cluster, otherRun, progress, run, testSigning } from './store.ts';
import { describeOnEach } from '../lab/versions.ts';

const upWithinMs = 300_000;
/** Node itself starts slowly on a busy machine. */
const beginsWithinMs = 60_000;
const [, etcd02] = memberNames;
/** Enough that a kill falls into the middle of the stream. */
const megabytes = 64;

describeOnEach('snapshots of etcd %s', (version) => {
  let lab: Lab;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'etcd-medic-backups-'));
    lab = await createLab({ name: `backups-${version.replace('.', '')}`, etcd: version, members: 3 });
    await fill(lab, megabytes);
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(directory, { recursive: true, force: true });
  });

  const store = () =>
    createSnapshots({
      directory,
      cluster,
      etcd: labEtcd(lab),
      snapshotStatus,
      clock: systemClock,
      signing: testSigning,
      permit: async () => undefined,
    });

  async function originOf(): Promise<SnapshotOrigin> {
    const etcd = labEtcd(lab);
    const endpoint = (await etcd.look()).endpoints.find(({ member }) => member === etcd02);
    if (endpoint?.answers !== true) throw new Error(`${etcd02} does not answer`);
    const { clusterId, version: etcdVersion, dbSizeBytes } = endpoint.status;
    const [authEnabled, v2Keys] = await Promise.all([etcd.authEnabled(), etcd.v2Keys()]);
    return { member: etcd02, clusterId, etcdVersion, dbSizeBytes, authEnabled, v2Keys };
  }

  it('saves one that it finds again, that is whole, and that etcdctl restores', async () => {
    const snapshots = store();

    const record = await snapshots.save({ run, origin: await originOf(), progress });

    expect(await snapshots.find(record.id)).toEqual(record);
    expect(await snapshots.check(record)).toMatchObject({ holds: true });
    expect(record).toMatchObject({
      member: etcd02,
      authEnabled: true,
      v2Keys: version === '3.4' ? 'none' : 'not-served',
      bytes: (await stat(record.path)).size,
    });
    expect(record.totalKeys).toBeGreaterThanOrEqual(megabytes);
    const { stdout } = await lab.etcdctl(['snapshot', 'status', record.path, '--write-out=simple'], { endpoints: [] });
    expect(stdout.split(', ').slice(0, 3)).toEqual([record.hash, String(record.revision), String(record.totalKeys)]);
    await lab.etcdctl(['snapshot', 'restore', record.path, `--data-dir=${join(directory, 'restored')}`], { endpoints: [] });
    expect(existsSync(join(directory, 'restored/member/snap/db'))).toBe(true);
  });

  it('is taken up again by the next process when one is killed in the middle', async () => {
    const order: SaveOrder = {
      directory,
      cluster,
      run: otherRun,
      origin: await originOf(),
      members: lab.hosts.map(({ clientUrl }, index) => ({ name: memberNames[index] ?? etcd02, clientUrl })),
      tls: { ca: lab.pki.ca, ...lab.pki.root },
    };
    const part = join(directory, cluster, `.${otherRun}.part`);
    const victim = spawn(process.execPath, [fileURLToPath(new URL('fixtures/save.ts', import.meta.url)), JSON.stringify(order)], {
      stdio: 'ignore',
    });
    await waitUntil(async () => (await stat(part).catch(() => undefined))?.size !== undefined, {
      for: 'the stream to begin',
      withinMs: beginsWithinMs,
    });
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    expect(await store().takenBy(otherRun)).toBeUndefined();
    expect(existsSync(part)).toBe(true);

    const record = await store().save({ run: otherRun, origin: order.origin, progress });

    expect(await store().takenBy(otherRun)).toEqual(record);
    expect(await store().check(record)).toMatchObject({ holds: true });
    expect((await readdir(join(directory, cluster))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('sees a flipped bit in the middle of a real one', async () => {
    const flipped = RunId.parse('backup-prod-00beef');
    const record = await store().save({ run: flipped, origin: await originOf(), progress });
    const file = await open(record.path, 'r+');
    await file.write(Buffer.from([0xff, 0x00, 0xff]), 0, 3, Math.floor(record.bytes / 2));
    await file.close();

    expect(await store().check(record)).toMatchObject({
      holds: false,
      because: expect.stringContaining('bytes in it have changed') as string,
    });
  });
});
