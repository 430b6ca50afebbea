/** Bringing back a cluster that has lost its quorum, on etcd 3.4, with authentication on: every way, through Slack. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickWay, playRecoverQuorum } from '../demo/stories/recover-quorum.ts';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from './open-runs.ts';
import { othersServe } from './others-serve.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'rq-34' });
  await stage.start();
});
afterAll(() => stage.down());
beforeEach(async () => {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
});

/** One key in the last backup, one written after it. */
async function written(): Promise<void> {
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  await stage.lab.etcdctl(['put', '/name/2', 'in no backup']);
}

const on = (hosts: readonly string[], fault: Parameters<Stage['lab']['hosts'][number]['fault']>[0]) =>
  Promise.all(hosts.map((host) => stage.lab.host(host).fault(fault)));

/** The id of what was stored last. */
async function newestBackup(): Promise<string> {
  const files = await readdir(join(stage.directory, 'backups', 'demo'));
  return (
    files
      .filter((name) => name.endsWith('.db'))
      .toSorted()
      .at(-1) ?? ''
  ).replace(/\.db$/, '');
}

describe('recover-quorum of three members on etcd 3.4', () => {
  it('rebuilds from the survivor that a person picks, with what no backup has, as the demo tells it', async () => {
    const came = await playRecoverQuorum(stage, () => undefined);

    expect(came).toBe(true);
    for (const { exec, name } of stage.lab.hosts) {
      expect((await exec(['grep', 'INITIAL_CLUSTER_STATE', '/etc/default/etcd'])).stdout, name).toMatch(/existing/);
      expect((await exec(['sh', '-c', 'ls -d /data/etcd/data.*'])).stdout, name).toMatch(/data\.recover-quorum-demo-[0-9a-f]{6}\.old$/);
    }
  });

  it('starts what is whole when all three are stopped, and nothing is lost', async () => {
    await written();
    await on(['etcd01', 'etcd02', 'etcd03'], 'stop-etcd');
    const run = await startRun(stage, 'recover-quorum demo');

    await clickWay(stage, await waitForGate(stage, run, 'choose-way'), 'start');
    const view = await waitForEnd(stage, run);

    expect(view).toMatchObject({ outcome: 'completed', conclusion: expect.stringContaining('nothing was lost') as string });
    expect(await valueOf(stage, '/name/2')).toBe('in no backup');
  });

  it('copies the database of a survivor that is stopped, and says what that means', { tags: 'long' }, async () => {
    await written();
    await on(['etcd02', 'etcd03'], 'lose-data');
    await on(['etcd01'], 'stop-etcd');
    const run = await startRun(stage, 'recover-quorum demo');

    const choice = await waitForGate(stage, run, 'choose-way');
    await clickWay(stage, choice, 'survivor');
    const approval = await waitForGate(stage, run, 'replace-data');
    await clickCard(stage, approval, 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
    const view = await waitForEnd(stage, run);

    expect(choice.options?.[0]).toMatchObject({
      id: 'survivor',
      title: expect.stringContaining('a copy of the database of etcd01') as string,
    });
    expect(approval.reason).toContain('--skip-hash-check');
    expect(view.outcome).toBe('completed');
    expect(await valueOf(stage, '/name/2')).toBe('in no backup');
    const plan = await waitForEnd(stage, await startRun(stage, 'restore demo --plan'));
    const kept = JSON.parse(await readFile(join(stage.directory, 'backups', 'demo', `${await newestBackup()}.json`), 'utf8')) as object;
    expect(kept).toMatchObject({ kind: 'database-copy', run, member: 'etcd01' });
    expect(plan.summary).not.toContain('a copied database');
  });

  it('restores the newest backup when no member has data any more', { tags: 'long' }, async () => {
    await written();
    await on(['etcd01', 'etcd02', 'etcd03'], 'lose-data');
    const run = await startRun(stage, 'recover-quorum demo --source snapshot');

    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/1')).toBe('test');
    expect(await valueOf(stage, '/name/2')).toBe('');
  });

  it('refuses a cluster that has quorum', async () => {
    await on(['etcd03'], 'stop-etcd');
    await othersServe(stage, 'etcd03');

    const view = await waitForEnd(stage, await startRun(stage, 'recover-quorum demo'));

    expect(view).toMatchObject({ outcome: 'failed', conclusion: expect.stringContaining('has quorum') as string });
  });
});
