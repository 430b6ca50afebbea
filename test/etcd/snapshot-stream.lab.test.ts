import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { etcdKiller, networkCutter } from '../lab/at-once.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { fill } from './filling.ts';
import { labEtcd, memberNames } from './lab-etcd.ts';
import { describeOnEach } from '../lab/versions.ts';

const upWithinMs = 300_000;
const [etcd01, etcd02, etcd03] = memberNames;
const quiet = () => undefined;
/** Enough that a cut falls into the middle. */
const megabytes = 96;

describeOnEach('snapshot-stream of etcd %s', (version) => {
  let lab: Lab;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'etcd-medic-stream-'));
    lab = await createLab({ name: `stream-${version.replace('.', '')}`, etcd: version, members: 3 });
    await fill(lab, megabytes);
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(directory, { recursive: true, force: true });
  });
  const path = (name: string) => join(directory, name);

  it('is the file that etcdctl saves, and etcdctl restores it', async () => {
    const etcd = labEtcd(lab);
    const said: string[] = [];

    const { bytes, sha256 } = await etcd.saveSnapshot(etcd02, path('whole'), (text) => said.push(text));

    expect(await etcd.readSnapshotFile(path('whole'))).toEqual({ bytes, sha256, flaw: undefined });
    expect((await stat(path('whole'))).mode & 0o777).toBe(0o600);
    expect(said[0]).toMatch(/ of \d+ MB$/);
    await lab.etcdctl(['snapshot', 'restore', path('whole'), `--data-dir=${path('restored')}`], { endpoints: [] });
    expect(existsSync(path('restored/member/snap/db'))).toBe(true);
    expect(etcd.recorded).toMatchObject([
      {
        argv: expect.arrayContaining(['snapshot', 'save', path('whole')]) as string[],
        exitCode: 0,
        output: expect.stringContaining(sha256) as string,
      },
    ]);
  });

  it('never writes into a file that is there', async () => {
    const etcd = labEtcd(lab);
    await etcd.saveSnapshot(etcd01, path('twice'), quiet);

    await expect(etcd.saveSnapshot(etcd01, path('twice'), quiet)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('EEXIST') as string,
    });

    expect(existsSync(path('twice'))).toBe(true);
  });

  it('says when the directory is missing, and when the member is not one', async () => {
    const etcd = labEtcd(lab);

    await expect(etcd.saveSnapshot(etcd01, '/nowhere/file', quiet)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(labEtcd(lab, { members: [] }).saveSnapshot(etcd01, path('nobody'), quiet)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('says that a certificate without a user may not, and takes the password where there is one', async () => {
    const tls = { ca: lab.pki.ca, ...lab.pki.plain };

    await expect(labEtcd(lab, { tls }).saveSnapshot(etcd01, path('refused'), quiet)).rejects.toMatchObject({ code: 'ETCD_AUTH_FAILED' });

    expect(existsSync(path('refused'))).toBe(false);
    const withPassword = labEtcd(lab, { tls, auth: { user: 'root', password: lab.rootPassword } });
    expect(await withPassword.saveSnapshot(etcd01, path('by-password'), quiet)).toHaveProperty('sha256');
  });

  it('leaves nothing of a stream that breaks', async () => {
    const etcd = labEtcd(lab);
    const kill = once(await etcdKiller(lab, lab.host('etcd03')));

    await expect(etcd.saveSnapshot(etcd03, path('broken'), kill)).rejects.toMatchObject({
      code: expect.stringMatching(/^ETCD_(UNREACHABLE|REQUEST_FAILED|TLS_FAILED)$/) as string,
    });

    expect(existsSync(path('broken'))).toBe(false);
    await lab.waitHealthy();
  });

  it('gives up on a member that falls silent, and leaves nothing', async () => {
    const etcd = labEtcd(lab, { clock: tenTimesFaster() });
    const cut = once(await networkCutter(lab, lab.host('etcd03')));

    await expect(etcd.saveSnapshot(etcd03, path('silent'), cut)).rejects.toMatchObject({
      code: 'ETCD_UNREACHABLE',
      message: expect.stringMatching(/stopped after [\d.]+ MB: nothing came for 30 s/) as string,
    });

    expect(existsSync(path('silent'))).toBe(false);
    await lab.host('etcd03').fault('restore-network');
    await lab.waitHealthy();
  });

  it('saves from a survivor without a quorum', async () => {
    await lab.host('etcd02').fault('power-off');
    await lab.host('etcd03').fault('power-off');

    const { bytes } = await labEtcd(lab).saveSnapshot(etcd01, path('survivor'), quiet);

    expect(bytes).toBeGreaterThan(megabytes * 1_000_000);
  });
});

/** Does something the first time it is called. */
function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

function tenTimesFaster(): Clock {
  const began = Date.now();
  return { now: () => new Date(began + (Date.now() - began) * 10), sleep: (ms, signal) => systemClock.sleep(ms / 10, signal) };
}
