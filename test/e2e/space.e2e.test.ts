/** Fills real clusters to their quota, and makes them writable again through Slack: with an approval, with a disk too small, with a worker that dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, runLimitMs, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../slack/local-slack.ts';
import { fill, setQuota } from '../stage/quota.ts';

const quotaBytes = 32 * 1024 * 1024;

/** 20 MiB stay free: too little for a margin of 64. */
const leaveTooLittle = 'fallocate -l $(( $(df --output=avail -B1 /data/etcd | tail -n 1) - 20971520 )) /data/etcd/ballast';

async function alarms(stage: Stage): Promise<string> {
  return (await stage.lab.etcdctl(['alarm', 'list'])).stdout;
}

/** How often each member's own log says that it was defragmented. */
async function defragmentations(stage: Stage): Promise<number[]> {
  return Promise.all(
    stage.lab.hosts.map(async ({ exec }) => {
      const { stdout } = await exec(['journalctl', '--quiet', '--output=cat', '--unit=etcd']);
      return stdout.split('\n').filter((line) => /starting to defragment|starting defragment/.test(line)).length;
    }),
  );
}

describe('recover-space on etcd 3.5', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-space-35', etcd: '3.5' });
    await Promise.all([stage.start(), setQuota(stage, quotaBytes)]);
    await fill(stage);
  });
  afterAll(() => stage.down());

  it('makes a full cluster writable again after one approval, and says what was freed on each member', async () => {
    const full = await alarms(stage);

    const run = await startRun(stage, 'recover-space demo');
    await clickCard(stage, await waitForGate(stage, run, 'compact'), 'approve', people.bob);
    const view = await waitForEnd(stage, run);

    await stage.lab.etcdctl(['put', '/name/1', 'again']);
    const note = (id: string) => view.steps.find((step) => step.id === id)?.note ?? '';
    expect(full).toContain('NOSPACE');
    expect(view.outcome, view.conclusion).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('again');
    expect(await alarms(stage)).toBe('');
    expect(note('say-what-is-full')).toMatch(/etcd01: 3\d\.\d MB, .* quota 33\.6 MB/);
    expect(note('say-what-is-full')).toContain('/history');
    expect(view.conclusion).toMatch(/etcd01: \d\d\.\d MB freed.*etcd02: \d\d\.\d MB freed.*etcd03: \d\d\.\d MB freed/s);
    expect(await defragmentations(stage)).toEqual([1, 1, 1]);
  });
});

describe('recover-space on etcd 3.4, with small disks', () => {
  let stage: Stage;
  let worker: BotProcess;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-space-34', dataDirSizeMiB: 288 });
    [worker] = await Promise.all([stage.start('worker'), stage.start('bot,reports'), setQuota(stage, quotaBytes)]);
    await fill(stage);
  });
  afterAll(() => stage.down());

  it('says how much is missing on which disk, and completes, each member defragmented once, although its worker is killed in one', async () => {
    await stage.lab.host('etcd02').exec(['sh', '-euc', leaveTooLittle]);
    const run = await startRun(stage, 'recover-space demo');
    await clickCard(stage, await waitForGate(stage, run, 'compact'), 'approve', people.bob);
    const noRoom = await waitForGate(stage, run, 'room');
    await stage.lab.host('etcd02').exec(['rm', '/data/etcd/ballast']);
    await clickCard(stage, noRoom, 'retry', people.alice);
    await until(
      async () => (await defragmentations(stage)).some((times) => times > 0),
      runLimitMs,
      () => 'no member began to defragment',
    );
    await worker.kill();
    worker = await stage.start('worker');

    const view = await waitForEnd(stage, run);

    await stage.lab.etcdctl(['put', '/name/1', 'again']);
    expect(noRoom).toMatchObject({
      kind: 'failure',
      reason: expect.stringMatching(
        /etcd02 has .* free on the disk of \/data\/etcd\/data and needs .* are missing there\. .*ETCD_QUOTA_BACKEND_BYTES=\d+/,
      ),
    });
    expect(noRoom.reason).not.toContain('etcd01 has');
    expect(view.outcome, view.conclusion).toBe('completed');
    expect((await stage.runs.journal(run)).some((entry) => entry.type === 'step-resumed')).toBe(true);
    expect(await defragmentations(stage)).toEqual([1, 1, 1]);
    expect(await alarms(stage)).toBe('');
    expect(await valueOf(stage, '/name/1')).toBe('again');
  });
});
