/** Undoing a restore and a recovery on etcd 3.4, through Slack and from a terminal's words: what is put back, and what is refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, repeatedOnHosts, startRun, valueOf, waitForEnd, waitForFirstChange, waitForGate } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { asideOn, clusterIds, replacing, undoStory, undoing, written } from './undo-suite.ts';

let stage: Stage;
let worker: BotProcess;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-undo' });
  await stage.start('bot,reports');
  worker = await stage.start('worker');
});
afterAll(() => stage?.down());
beforeEach(async () => {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
});

describe('undo on etcd 3.4', () => {
  undoStory(() => stage);

  it('goes on where a killed worker was in the middle of putting data back, and does nothing twice', async () => {
    await written(stage);
    const restored = await replacing(stage, 'restore demo --while-healthy');
    const run = await startRun(stage, `undo ${restored}`);
    await clickCard(stage, await waitForGate(stage, run, 'put-back'), 'approve', people.bob);

    await waitForFirstChange(stage, run, 'put-back');
    await worker.kill();
    worker = await stage.start('worker');

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/2')).toBe('after the backup');
    expect((await repeatedOnHosts(stage, run)).filter((line) => / mv /.test(line))).toEqual([]);
  });

  it('brings back two of three, and leaves the one that had lost its data stopped and masked', async () => {
    await written(stage);
    await stage.lab.host('etcd03').fault('lose-data');
    const restored = await replacing(stage, 'restore demo --while-healthy');

    const run = await undoing(stage, restored);

    const { conclusion } = await stage.runs.view(run);
    expect(conclusion).toContain('`replace-member demo etcd03`');
    expect(await stage.lab.host('etcd03').exec(['systemctl', 'is-enabled', 'etcd'], { reject: false })).toMatchObject({ stdout: 'masked' });
    const endpoints = stage.lab.hosts.slice(0, 2).map(({ clientUrl }) => clientUrl);
    const { stdout } = await stage.lab.etcdctl(['get', '/name/2', '--print-value-only'], { endpoints });
    expect(stdout).toBe('after the backup');
  });

  it('refuses where a majority had lost its data, and names what is left and what it is good for', async () => {
    await written(stage);
    for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
    const restored = await replacing(stage, 'restore demo');
    const lying = await asideOn(stage);

    const view = await waitForEnd(stage, await startRun(stage, `undo ${restored}`));

    expect(view).toMatchObject({
      outcome: 'failed',
      conclusion: expect.stringContaining('Only 1 of 3 members of demo had data') as string,
    });
    expect(view.conclusion).toContain(`etcd01:/data/etcd/data.${restored}.old/member/snap/db`);
    expect(await asideOn(stage)).toEqual(lying);
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });

  it('undoes a recovery from a survivor when all had their data', async () => {
    await written(stage);
    const before = await clusterIds(stage);
    await Promise.all(stage.lab.hosts.map(({ fault }) => fault('stop-etcd')));
    const recovered = await replacing(stage, 'recover-quorum demo --source survivor');

    await undoing(stage, recovered);

    expect(await clusterIds(stage)).toEqual(before);
    expect(await valueOf(stage, '/name/2')).toBe('after the backup');
  });

  it('shows its plan and changes nothing with --plan', async () => {
    await written(stage);
    const restored = await replacing(stage, 'restore demo --while-healthy');
    const lying = await asideOn(stage);

    const view = await waitForEnd(stage, await startRun(stage, `undo ${restored} --plan`));

    expect(view.outcome).toBe('planned');
    expect(view.steps.find(({ id }) => id === 'put-back')?.note).toContain(`undoes: ${restored}`);
    expect(await asideOn(stage)).toEqual(lying);
    expect(await valueOf(stage, '/name/2')).toBe('');
  });
});
