/** Kills the worker with SIGKILL in the middle of a restore: another takes it up, the data is right, nothing is done twice without need. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  clickCard,
  repeatedOnHosts,
  startRun,
  valueOf,
  waitForEnd,
  waitForFirstChange,
  waitForGate,
  waitForStep,
} from '../stage/acting.ts';
import type { RunId } from '../../src/ids.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

let stage: Stage;
let worker: BotProcess;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-crash' });
  await stage.start('bot,reports');
  worker = await stage.start('worker');
});
afterAll(() => stage.down());
beforeEach(async () => {
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
});

/** Looks, and what may be said again after a cut: it removes half-made things of the run, or makes true what is true already. */
const harmless =
  /\$ \S*\/(?:find|du|df|sha256sum|stat|cat|pgrep|sync|chown|rmdir|rm -f|rm -rf --one-file-system \S+\.new\.part|mkdir -m 700 \S+\.new\.part|dd |etcdctl snapshot status)/;

async function killDuring(run: RunId, stepId: string, moment: 'beginning' | 'middle'): Promise<void> {
  await (moment === 'beginning' ? waitForStep(stage, run, stepId) : waitForFirstChange(stage, run, stepId));
  await worker.kill();
  worker = await stage.start('worker');
}

describe('a worker killed in the middle of a restore', () => {
  it.each([
    ['hand-out', 'beginning'],
    ['restore-aside', 'middle'],
    ['replace-data', 'middle'],
    ['configure', 'beginning'],
    ['start', 'middle'],
  ] as const)('during %s, at its %s, is replaced, and the restore completes', async (stepId, moment) => {
    const run = await startRun(stage, 'restore demo');
    const isBeforeGate = stepId === 'hand-out' || stepId === 'restore-aside';
    if (isBeforeGate) await killDuring(run, stepId, moment);
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    if (!isBeforeGate) await killDuring(run, stepId, moment);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    const view = await waitForEnd(stage, run);

    const entries = await stage.runs.journal(run);
    expect(view.outcome).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('test');
    expect(entries.filter((entry) => entry.type === 'step-started').map((entry) => entry.stepId)).toHaveLength(12 - 1);
    expect((await repeatedOnHosts(stage, run)).filter((line) => !harmless.test(line))).toEqual([]);
    for (const { exec } of stage.lab.hosts)
      expect((await exec(['sh', '-c', 'ls -d /data/etcd/data.*'])).stdout.split('\n')).toHaveLength(1);
  });

  it('at the gate loses nothing: the click counts, and the run goes on', async () => {
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');
    await worker.kill();

    await clickCard(stage, gate, 'approve');
    worker = await stage.start('worker');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
  });

  it('by SIGTERM stops within its deadline and puts the run back', async () => {
    const run = await startRun(stage, 'restore demo');
    await waitForStep(stage, run, 'restore-aside');

    const exitCode = await worker.stop();
    worker = await stage.start('worker');

    expect(exitCode).toBe(0);
    await waitForGate(stage, run, 'replace-data');
    expect((await stage.runs.journal(run)).some((entry) => entry.type === 'step-resumed')).toBe(false);
    await stage.runs.abort(run, (await stage.runs.view(run)).run.requester.user);
    await waitForEnd(stage, run);
  });
});
