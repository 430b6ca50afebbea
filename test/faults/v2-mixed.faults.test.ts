/** The runbook's finding, on a real etcd 3.4: the two APIs in one cluster, saved and put back, by hand and by the bot. */
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { backupByHand, startByHand } from '../stage/v2-by-hand.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-v2-mixed' });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => stage.lab.resetCluster());

const setV2 = (key: string, value: string) => stage.lab.etcdctl(['set', key, value], { api: 2 });
const valueV2 = async (key: string) => (await stage.lab.etcdctl(['get', key], { api: 2, reject: false })).stdout;
/** Writes that have nothing of API 2 in them. */
async function writeV3(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) await stage.lab.etcdctl(['put', `k${number}`, 'v']);
}
/** The log is cut short by a snapshot after so many entries: what a busy cluster comes to after 100,000. */
async function snapshotEvery(entries: number): Promise<void> {
  for (const { exec } of stage.lab.hosts)
    await exec(['sh', '-euc', `echo ETCD_SNAPSHOT_COUNT=${entries} >> /etc/default/etcd; systemctl restart --no-block etcd`]);
  await stage.lab.waitHealthy();
}

describe('a backup of API 2 by hand, where API 3 is in use as well', () => {
  it('loses the last write of API 2 when API 3 was written to after it', async () => {
    await setV2('/name/1', 'one');
    await setV2('/name/2', 'two');
    await writeV3(3);
    await backupByHand(stage.lab, '/tmp/plain');

    const { died, v2 } = await startByHand(stage.lab, '/tmp/plain');

    expect(died).toBe('');
    expect(v2).toContain('/name/1');
    expect(v2).not.toContain('/name/2');
  });

  it('cannot be started from when API 3 alone was written to since the log was cut short', async () => {
    await snapshotEvery(10);
    await setV2('/name/1', 'one');
    await writeV3(24);
    await backupByHand(stage.lab, '/tmp/plain');

    expect((await startByHand(stage.lab, '/tmp/plain')).died).toMatch(/missing log entry|out of range/);
  });

  it('loses writes of API 3 after it was put back, when its data was taken along', async () => {
    await stage.lab.etcdctl(['auth', 'disable']);
    await setV2('/name/1', 'one');
    await writeV3(3);
    await backupByHand(stage.lab, '/tmp/with', { withV3: true });

    const { died, v2, writes, written } = await startByHand(stage.lab, '/tmp/with');

    expect(died).toBe('');
    expect(v2).toContain('/name/1');
    // Which of the two it says depends on who gives up first, etcdctl or etcd.
    expect(writes[0]).toMatch(/deadline exceeded|request timed out/);
    expect(written).not.toContain('after1');
  });
});

describe('the bot, where both APIs are in use', () => {
  it('loses API 2 in a restore of API 3, says so, and keeps API 3', async () => {
    await setV2('/name/2', 'two');
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    const backup = await waitForEnd(stage, await startRun(stage, 'backup demo'));
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');

    const run = await startRun(stage, 'restore demo');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    const view = await waitForEnd(stage, run);

    expect(backup.conclusion).toContain('does not hold the API 2 keys');
    expect(view.outcome).toBe('completed');
    expect(view.conclusion).toContain('API 2');
    expect(await valueOf(stage, '/name/1')).toBe('test');
    expect(await valueV2('/name/2')).not.toBe('two');
  });

  it('makes a backup of API 2 that holds the last write, where one by hand loses it', async () => {
    await setV2('/name/1', 'one');
    await setV2('/name/2', 'two');
    await writeV3(3);

    await waitForEnd(stage, await startRun(stage, 'v2-backup demo --from etcd01'));
    await unpackStored('/tmp/bot');

    expect((await startByHand(stage.lab, '/tmp/bot')).v2).toContain('/name/2');
  });

  it('makes a backup of API 2 that can be put back, where one by hand cannot be started from', async () => {
    await snapshotEvery(10);
    await setV2('/name/1', 'one');
    await writeV3(24);
    await setV2('/name/2', 'two');
    await writeV3(3);

    const backup = await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
    const run = await startRun(stage, 'v2-restore demo --lose-v3 --while-healthy');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    const view = await waitForEnd(stage, run);

    expect(backup).toMatchObject({ outcome: 'completed' });
    expect(view).toMatchObject({ outcome: 'completed' });
    for (const { clientUrl, name } of stage.lab.hosts) {
      const read = async (key: string) => (await stage.lab.etcdctl(['get', key], { api: 2, endpoints: [clientUrl] })).stdout;
      expect([await read('/name/1'), await read('/name/2')], name).toEqual(['one', 'two']);
    }
  });

  it('refuses a backup with data of API 3 in it, whatever its sidecar says, before anything is touched', async () => {
    await setV2('/name/2', 'two');
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
    await backupByHand(stage.lab, '/tmp/with', { withV3: true });
    await putInPlaceOfTheStored('/tmp/with');

    // What a person put in its place nobody vouches for, so it is named.
    const id = basename(await newestStored(), '.v2.json');
    const run = await startRun(stage, `v2-restore demo --snapshot ${id} --lose-v3 --while-healthy`);
    const gate = await waitForGate(stage, run, 'check-unpacked');
    await say(stage, `abort ${run}`);
    const view = await waitForEnd(stage, run);

    expect(gate).toMatchObject({ kind: 'failure', reason: expect.stringContaining('with data of API 3 in it cannot be restored') });
    expect(view.conclusion).toContain('On 3 hosts etcd and its data are as they were');
    for (const { exec } of stage.lab.hosts) expect((await exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });
});

/** The newest stored backup, by its sidecar. */
async function newestStored(): Promise<string> {
  const directory = join(stage.directory, 'backups', 'demo');
  const newest = (await readdir(directory))
    .filter((file) => file.endsWith('.v2.json'))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw new Error('no backup is stored');
  return join(directory, newest);
}

/** On the host where things are tried by hand. */
async function unpackStored(dir: string): Promise<void> {
  const archive = await readFile((await newestStored()).replace('.v2.json', '.v2.tar.gz'), 'base64');
  const script = `rm -rf ${dir}; mkdir ${dir}; echo ${archive} | base64 --decode | tar --extract --gzip --directory=${dir}`;
  await stage.lab.host('etcd01').exec(['sh', '-s'], { input: script });
}

/** As a person would who made a backup by hand and wants the bot to put it back. */
async function putInPlaceOfTheStored(dir: string): Promise<void> {
  const sidecar = await newestStored();
  const { stdout } = await stage.lab.host('etcd01').exec(['sh', '-euc', `tar --create --gzip --directory=${dir} member | base64 --wrap=0`]);
  const archive = Buffer.from(stdout, 'base64');
  const said = JSON.parse(await readFile(sidecar, 'utf8')) as Record<string, unknown>;
  const sha256 = createHash('sha256').update(archive).digest('hex');
  await writeFile(sidecar.replace('.v2.json', '.v2.tar.gz'), archive);
  await writeFile(sidecar, JSON.stringify({ ...said, bytes: archive.length, sha256 }));
}
