/** The main job on etcd 3.4: from a slash command to a restored cluster, with everybody who may not being refused. */
import { gateCode } from '../../src/engine/gate-code.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cardOf, clickCard, say, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { buttonsOf } from '../slack/local-slack.ts';
import { playRestore } from '../demo/stories/restore.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-34' });
  await stage.start();
});
afterAll(() => stage.down());

/** A snapshot with one key in it, and no quorum any more. */
async function quorumLost(): Promise<void> {
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
}

const whisperTo = (user: string, text: RegExp) =>
  stage.slack.message(channels.incident, (message) => message.ephemeral_to === user && text.test(message.text));

describe('restore of three members on etcd 3.4', () => {
  beforeEach(() => stage.lab.resetCluster());

  it('brings the data back, as the demo tells it', async () => {
    const came = await playRestore(stage, () => undefined);

    expect(came).toBe(true);
    for (const { exec, name } of stage.lab.hosts) {
      expect((await exec(['stat', '--format=%U:%G %a', '/data/etcd/data'])).stdout, name).toBe('etcd:etcd 700');
      expect((await exec(['grep', 'INITIAL_CLUSTER_STATE', '/etc/default/etcd'])).stdout, name).toMatch(/existing/);
      expect((await exec(['sh', '-c', 'ls -d /data/etcd/data.*'])).stdout, name).toMatch(
        /^\/data\/etcd\/data\.restore-demo-[0-9a-f]{6}\.old$/,
      );
    }
  });

  it('deletes the old data-dirs only after a second approval', { tags: 'long' }, async () => {
    await quorumLost();
    const run = await startRun(stage, 'restore demo');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');

    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'approve');
    const view = await waitForEnd(stage, run);

    expect(view.conclusion).toContain('The old data-dirs on 3 hosts are deleted.');
    for (const { exec } of stage.lab.hosts) expect((await exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
  });

  it('lets neither the requester nor a stranger approve, and tells them why', { tags: 'long' }, async () => {
    await quorumLost();
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');

    await clickCard(stage, gate, 'approve', people.alice);
    await clickCard(stage, gate, 'approve', people.mallory);

    expect((await whisperTo(people.alice, /asked for this run|may not approve/)).text).not.toBe('');
    expect((await whisperTo(people.mallory, /may not approve/)).text).toContain('approvers');
    expect((await stage.runs.view(run)).openGate?.gateId).toBe(gate.gateId);
    await clickCard(stage, gate, 'reject');
    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'rejected' });
    expect(await stage.lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).toMatchObject({ stdout: 'active' });
  });

  it('takes the buttons off a card that was answered elsewhere', { tags: 'long' }, async () => {
    await quorumLost();
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');
    const card = await cardOf(stage, gate);

    await say(stage, `reject ${run} ${gateCode(gate.gateId)}`, people.bob);
    await waitForEnd(stage, run);

    const settled = await stage.slack.message(channels.incident, (message) => message.ts === card.ts && buttonsOf(message).length === 0);
    expect(settled.text).toMatch(/^Rejected/);
  });

  it('tells a second restore who holds the cluster, and starts nothing', { tags: 'long' }, async () => {
    await quorumLost();
    const first = await startRun(stage, 'restore demo');
    await waitForGate(stage, first, 'replace-data');

    await say(stage, 'restore demo');

    expect((await whisperTo(people.alice, /is held by/)).text).toContain(first);
    await say(stage, `abort ${first}`);
    expect(await waitForEnd(stage, first)).toMatchObject({ outcome: 'aborted' });
  });

  it('refuses to replace the data of a healthy cluster', { tags: 'long' }, async () => {
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    const run = await startRun(stage, 'restore demo');

    const gate = await waitForGate(stage, run, 'replace-data');

    expect(gate).toMatchObject({ kind: 'failure', reason: expect.stringContaining('--while-healthy') });
    await say(stage, `abort ${run}`);
    await waitForEnd(stage, run);
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });

  it('shows the plan and changes nothing with --plan', async () => {
    await quorumLost();

    const view = await waitForEnd(stage, await startRun(stage, 'restore demo --plan'));

    expect(view.outcome).toBe('planned');
    for (const { exec } of stage.lab.hosts)
      expect((await exec(['sh', '-c', 'ls -d /data/etcd/data.* 2>/dev/null || true'])).stdout).toBe('');
    expect(await stage.lab.host('etcd01').exec(['systemctl', 'is-active', 'etcd'])).toMatchObject({ stdout: 'active' });
  });
});

describe('words that cannot be carried out', () => {
  it.each([
    ['restor demo', /Did you mean `restore`/],
    ['restore dmeo', /There is no cluster `dmeo`/],
    ['backup demo --from etcd09', /no member `etcd09`/],
    ['status demo --foo', /Unknown option `--foo`/],
    ['approve restore-demo-ffffff', /There is no run restore-demo-ffffff/],
  ])('answers `%s` to the one person', async (words, answer) => {
    await say(stage, words);

    expect((await whisperTo(people.alice, answer)).text).toMatch(answer);
  });

  it('refuses a stranger, and a channel where commands are not taken', async () => {
    await say(stage, 'restore demo', people.mallory);
    await stage.slack.command(people.alice, channels.elsewhere, 'status demo');

    expect((await whisperTo(people.mallory, /not an operator/)).text).toContain('clusters.demo.operators');
    const elsewhere = await stage.slack.message(channels.elsewhere, (message) => message.ephemeral_to === people.alice);
    expect(elsewhere.text).toContain('clusters.demo.channels');
  });
});
