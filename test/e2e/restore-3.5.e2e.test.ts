/** Restore on etcd 3.5, with its own tool. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { playRestore } from '../demo/stories/restore.ts';

describe('restore of three members on etcd 3.5', { tags: 'long' }, () => {
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
