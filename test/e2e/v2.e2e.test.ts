/** API 2 on etcd 3.4: keys, and the way from a backup of a mixed cluster to a restored one. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-v2' });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => stage.lab.resetCluster());

/** With a quorum: a member's own store may be behind. */
const valueV2 = async (key: string) => (await stage.lab.etcdctl(['get', '--quorum', key], { api: 2, reject: false })).stdout;
const whisper = (text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === people.alice && text.test(message.text));

describe('put and get with --v2', () => {
  it('write to and read from another store than API 3', async () => {
    await waitForEnd(stage, await startRun(stage, 'put demo /name/2 two --v2'));
    await say(stage, 'get demo /name/2 --v2');

    expect(await valueV2('/name/2')).toBe('two');
    expect((await stage.slack.message(channels.incident, ({ text }) => text.includes('is “two”'))).text).toContain('API 2');
    expect((await stage.lab.etcdctl(['get', '/name/2', '--print-value-only'])).stdout).toBe('');
  });

  it('say what is wrong with a key', async () => {
    await say(stage, 'put demo name two --v2');

    expect((await whisper(/begins with \//)).text).toContain('/name/1');
  });
});

describe('v2-backup', () => {
  it('keeps the last write of API 2 although API 3 is written to as well, and leaves nothing on the host', async () => {
    await stage.lab.etcdctl(['set', '/name/2', 'two'], { api: 2 });
    await stage.lab.etcdctl(['put', '/name/1', 'test']);

    const view = await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));

    expect(view).toMatchObject({ outcome: 'completed' });
    const directory = join(stage.directory, 'backups', 'demo');
    const files = (await readdir(directory)).filter((file) => file.includes('.v2.'));
    expect(files).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z-index\d+\.v2\.json$/), expect.stringMatching(/\.v2\.tar\.gz$/)]);
    const [sidecar = '', archive = ''] = files;
    expect(JSON.parse(await readFile(join(directory, sidecar), 'utf8'))).toMatchObject({ keys: 1, v3Keys: 0, etcdVersion: '3.4.23' });
    const { mode, size } = await stat(join(directory, archive));
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(size).toBeLessThan(1_000_000);
    for (const { exec } of stage.lab.hosts) expect((await exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
  });
});

describe('v2-restore', () => {
  it('brings API 2 back on all members, and leaves force-new-cluster nowhere', { tags: 'long' }, async () => {
    await stage.lab.etcdctl(['set', '/name/2', 'two'], { api: 2 });
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
    await stage.lab.etcdctl(['set', '/name/2', 'changed since'], { api: 2 });
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');

    const run = await startRun(stage, 'v2-restore demo');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    const view = await waitForEnd(stage, run);

    expect(view).toMatchObject({ outcome: 'completed' });
    expect(view.steps.find(({ id }) => id === 'members-agree')?.note).toContain('1 key of API 2 on every member');
    for (const { clientUrl, exec, name, peerUrl } of stage.lab.hosts) {
      expect((await stage.lab.etcdctl(['get', '/name/2'], { api: 2, endpoints: [clientUrl] })).stdout, name).toBe('two');
      // After a restart too: with the flag it would come back alone.
      await exec(['systemctl', 'restart', 'etcd']);
      expect((await exec(['systemctl', 'show', 'etcd', '-p', 'Environment,DropInPaths'])).stdout, name).not.toContain('FORCE');
      expect((await stage.lab.etcdctl(['member', 'list'])).stdout, name).toContain(peerUrl);
    }
    const members = (await stage.lab.etcdctl(['member', 'list'])).stdout.split('\n');
    expect(members).toHaveLength(3);
    expect(members.filter((line) => line.endsWith(', false'))).toHaveLength(3);
    expect((await stage.lab.etcdctl(['get', '/name/1', '--print-value-only'])).stdout).toBe('');
    expect(view.conclusion).toContain('Authentication of API 3 is off now');
  });
});
