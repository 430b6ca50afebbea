/** Five members with two down: this etcd adds none while another voter is down, so both are removed at one gate and replaced one after the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { approveAll, storedBy, votersOf } from '../e2e/replacing.ts';

/** Two replacements, and looks at a host that is off, on a machine that is busy. */
const bothWithinMs = 360_000;

describe.each([
  ['3.4', 'power-off'],
  ['3.5', 'lose-data'],
] as const)('replace-member in a cluster of five with two down on etcd %s', (etcd, fault) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage({ name: `e2e-five-${etcd.replace('.', '')}`, etcd, members: 5 });
    await stage.start();
  });
  afterAll(() => stage.down());

  it(
    'names --also-remove, removes both with quorum all the time, and replaces both one after the other',
    { timeout: bothWithinMs },
    async () => {
      const up = ['etcd01', 'etcd02', 'etcd03'].map((name) => stage.lab.host(name).clientUrl);
      await stage.lab.etcdctl(['put', '/name/1', 'test']);
      await stage.lab.host('etcd04').fault('lose-data');
      await stage.lab.host('etcd05').fault(fault);

      const refused = await waitForEnd(stage, await startRun(stage, 'replace-member demo etcd04'));
      const first = await startRun(stage, 'replace-member demo etcd04 --also-remove etcd05');
      const gate = await waitForGate(stage, first, 'remove-member');
      const one = await approveAll(stage, first);
      const between = await votersOf(stage, up);
      if (fault === 'power-off') await stage.lab.host('etcd05').fault('power-on');
      const two = await approveAll(stage, await startRun(stage, 'replace-member demo etcd05'));

      expect(refused).toMatchObject({ outcome: 'failed', conclusion: expect.stringContaining('--also-remove etcd05') });
      expect(gate.plan.filter(({ argv }) => argv.includes('remove'))).toHaveLength(2);
      // What answers is stopped and masked; what does not is only removed.
      expect(gate.plan.some(({ on }) => on === 'etcd05')).toBe(fault === 'lose-data');
      expect(one, one.openGate?.reason ?? '').toMatchObject({
        outcome: 'completed',
        conclusion: expect.stringContaining('`replace-member demo etcd05`'),
      });
      expect(between).toEqual(['etcd01', 'etcd02', 'etcd03', 'etcd04']);
      expect(two, two.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
      expect(await votersOf(stage)).toEqual(['etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05']);
      for (const { clientUrl } of stage.lab.hosts) expect(await storedBy(stage, clientUrl, '/name/1')).toBe('test');
    },
  );
});
