/** Fills a real cluster to its quota, and makes it writable again with a disk that is too small and a worker that dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, runLimitMs, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { alarms, defragmentations, fill, setQuota } from '../stage/quota.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../slack/local-slack.ts';

const quotaBytes = 32 * 1024 * 1024;

/** 20 MiB stay free: too little for a margin of 64. */
const leaveTooLittle = 'fallocate -l $(( $(df --output=avail -B1 /data/etcd | tail -n 1) - 20971520 )) /data/etcd/ballast';

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
        /etcd02 has .* free on the disk of its data-dir and needs .* are missing there\. .*ETCD_QUOTA_BACKEND_BYTES=\d+/,
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
