/** Backup and restore of a cluster with one member. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { describeOnEach } from '../lab/versions.ts';

describeOnEach('backup and restore of a cluster with one member on etcd %s', (etcd) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: `e2e-one-${etcd.replace('.', '')}`, etcd, members: 1 });
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
