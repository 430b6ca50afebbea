/** Kills the worker with SIGKILL in the middle of a replacement: another takes it up, and nothing is done twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, repeatedOnHosts, startRun, waitForFirstChange, waitForGate, waitForStep } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { approveAll, endRuns, membersOf, storedBy, votersOf } from './replacing.ts';

let stage: Stage;
let worker: BotProcess | undefined;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-replace-crash' });
  await stage.start('bot,reports');
});
afterAll(() => stage.down());
beforeEach(async () => {
  worker ??= await stage.start('worker');
  await endRuns(stage);
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await stage.lab.host('etcd03').fault('corrupt-data');
  await stage.lab.host('etcd03').exec(['systemctl', 'start', 'etcd'], { reject: false });
});

/** Looks, and what makes true what is true already. */
const harmless = /\$ \S*\/(?:find|du|df|sha256sum|stat|cat|pgrep|sync|chown)/;

describe('a worker killed in the middle of a replacement', () => {
  it.each([
    ['remove-member', 'middle'],
    ['put-data-aside', 'middle'],
    ['add-learner', 'beginning'],
    ['start', 'middle'],
    ['promote', 'beginning'],
  ] as const)('during %s, at its %s, is replaced, and the replacement completes', async (stepId, moment) => {
    const run = await startRun(stage, 'replace-member demo etcd03');
    await clickCard(stage, await waitForGate(stage, run, 'remove-member'), 'approve');
    if (stepId !== 'remove-member') await clickCard(stage, await waitForGate(stage, run, 'put-data-aside'), 'approve');
    await (moment === 'beginning' ? waitForStep(stage, run, stepId) : waitForFirstChange(stage, run, stepId));
    await worker?.kill();
    worker = undefined;
    worker = await stage.start('worker');
    const view = await approveAll(stage, run);

    const entries = await stage.runs.journal(run);
    const approvals = entries.filter((entry) => entry.type === 'gate-opened').map((entry) => entry.gate.stepId);
    expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
    expect(approvals).toEqual(['remove-member', 'put-data-aside', 'delete-old-data']);
    expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03']);
    expect(await membersOf(stage)).toHaveLength(3);
    expect(await storedBy(stage, stage.lab.host('etcd03').clientUrl, '/name/1')).toBe('test');
    expect((await repeatedOnHosts(stage, run)).filter((line) => !harmless.test(line))).toEqual([]);
    expect((await stage.lab.host('etcd03').exec(['sh', '-c', 'ls -d /data/etcd/data.*'])).stdout).toBe(`/data/etcd/data.${run}.old`);
  });
});
