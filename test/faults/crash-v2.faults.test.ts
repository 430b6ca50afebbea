/** Kills the worker with SIGKILL in the middle of a backup and a restore of API 2: another takes it up, and the flag of a cluster of one never stays. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, startRun, waitForEnd, waitForFirstChange, waitForGate } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { recorded } from './record.ts';

const killed = { area: 'crash', fault: 'worker killed (SIGKILL)', etcd: '3.4' } as const;

let stage: Stage;
let worker: BotProcess;

beforeAll(async () => {
  stage = await createStage({ name: 'f-v2' });
  await stage.start('bot,reports');
  worker = await stage.start('worker');
});
afterAll(() => stage?.down());
beforeEach(async () => {
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['set', '/name/2', 'two'], { api: 2 });
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
});

async function killWorker(): Promise<void> {
  await worker.kill();
  worker = await stage.start('worker');
}

describe('a worker killed in the middle', () => {
  it.each(['make-backup', 'copy-off'] as const)('of %s is replaced, and one backup is stored', (stepId) =>
    recorded({ ...killed, procedure: 'v2-backup', where: `inside ${stepId}` }, async () => {
      const run = await startRun(stage, 'v2-backup demo');
      await waitForFirstChange(stage, run, stepId);
      await killWorker();

      const view = await waitForEnd(stage, run);

      expect(view.outcome).toBe('completed');
      for (const { exec } of stage.lab.hosts) expect((await exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
      return { outcome: 'completed; one backup' };
    }),
  );

  it.each(['unpack', 'replace-data', 'start-alone', 'take-flag-away', 'add-members-back'] as const)(
    'of %s is replaced, and API 2 is back on all members',
    (stepId) =>
      recorded({ ...killed, procedure: 'v2-restore', where: `inside ${stepId}` }, async () => {
        await waitForEnd(stage, await startRun(stage, 'v2-backup demo'));
        const run = await startRun(stage, 'v2-restore demo --lose-v3 --while-healthy');
        const kill = async () => {
          await waitForFirstChange(stage, run, stepId);
          await killWorker();
        };
        if (stepId === 'unpack') await kill();
        await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
        if (stepId !== 'unpack') await kill();

        await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'approve');
        const view = await waitForEnd(stage, run);

        expect(view.outcome).toBe('completed');
        const members = (await stage.lab.etcdctl(['member', 'list'])).stdout.split('\n');
        expect(members.filter((line) => line.endsWith(', false'))).toHaveLength(3);
        for (const { clientUrl, exec, name } of stage.lab.hosts) {
          expect((await stage.lab.etcdctl(['get', '/name/2'], { api: 2, endpoints: [clientUrl] })).stdout, name).toBe('two');
          expect((await exec(['systemctl', 'show', 'etcd', '-p', 'Environment,DropInPaths'])).stdout, name).not.toContain('FORCE');
          expect((await exec(['ls', '-A', '/data/etcd'])).stdout, name).toBe('data');
        }
        return { outcome: 'completed; API 2 is back on all members' };
      }),
  );
});
