/** Five members, three of them down: the quorum comes back from one of the two that are left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

describe('recover-quorum of five members', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: 'rq-five', members: 5 });
    await stage.start();
  });
  afterAll(() => stage.down());

  it('rebuilds all five when three are down', async () => {
    await stage.lab.etcdctl(['put', '/name/1', 'in no backup']);
    await Promise.all(['etcd03', 'etcd04', 'etcd05'].map((host) => stage.lab.host(host).fault('lose-data')));
    const run = await startRun(stage, 'recover-quorum demo --source survivor');

    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);

    expect(await waitForEnd(stage, run)).toMatchObject({ outcome: 'completed' });
    expect(await valueOf(stage, '/name/1')).toBe('in no backup');
    expect((await stage.lab.etcdctl(['member', 'list'])).stdout.trim().split('\n')).toHaveLength(5);
  });
});
