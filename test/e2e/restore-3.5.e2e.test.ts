/** Backup and restore on etcd 3.5, with its own tool, and of a cluster with one member. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { playRestore } from '../demo/stories/restore.ts';

describe('restore of three members on etcd 3.5', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-35', etcd: '3.5' });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('brings the data back, and lets revisions go on above the highest one known', async () => {
    const came = await playRestore(stage, () => undefined);

    const [run] = await stage.runs.list({ limit: 1 });
    const status = JSON.parse((await stage.lab.etcdctl(['endpoint', 'status', '-w', 'json'])).stdout) as {
      Status: { header: { revision: number } };
    }[];
    expect(came).toBe(true);
    expect(run?.steps.find(({ id }) => id === 'say-what-is-lost')?.note).toContain('--bump-revision');
    for (const { Status } of status) expect(Status.header.revision).toBeGreaterThan(1_000_000);
  });
});

describe('restore of a cluster with one member', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'e2e-one', members: 1 });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('brings the data back', async () => {
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    await waitForEnd(stage, await startRun(stage, 'backup demo'));
    await stage.lab.host('etcd01').fault('lose-data');

    const run = await startRun(stage, 'restore demo');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });
});
