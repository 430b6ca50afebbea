/** API 2 on etcd 3.5: off by default, and told so; where it was turned on, it is backed up and put back with that version's own tool. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { channels, createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-v2-35', etcd: '3.5' });
  await stage.start();
});
afterAll(() => stage?.down());

describe('API 2 on etcd 3.5 as it comes', () => {
  it('is told to be off, and what that version can do', async () => {
    const view = await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
    await say(stage, 'get demo /name/2 --v2');

    expect(view.outcome).toBe('failed');
    expect(view.conclusion).toMatch(/etcd 3\.5\.16 serves API 2 only when it is started with --enable-v2 .*gone in 3\.6.*etcdutl backup/);
    const answer = await stage.slack.message(channels.incident, ({ text }) => /serves no API 2/.test(text));
    expect(answer.text).toContain('3.5.16');
  });
});

describe('API 2 on etcd 3.5 that was started with --enable-v2', () => {
  it('is backed up with etcdutl and put back on all members', async () => {
    for (const { exec } of stage.lab.hosts)
      await exec(['sh', '-euc', 'echo ETCD_ENABLE_V2=true >> /etc/default/etcd; systemctl restart --no-block etcd']);
    await stage.lab.waitHealthy();
    await waitForEnd(stage, await startRun(stage, 'put demo /name/2 two --v2'));
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    const backup = await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
    await waitForEnd(stage, await startRun(stage, 'put demo /name/2 later --v2'));

    const run = await startRun(stage, 'v2-restore demo --while-healthy --lose-v3 --first etcd02');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'approve');
    const view = await waitForEnd(stage, run);
    await say(stage, 'get demo /name/2 --v2');

    expect(backup.outcome).toBe('completed');
    expect(view).toMatchObject({ outcome: 'completed' });
    expect((await stage.slack.message(channels.incident, ({ text }) => text.includes('is “two”'))).text).toContain('API 2');
    for (const { exec } of stage.lab.hosts) expect((await exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
  });
});
