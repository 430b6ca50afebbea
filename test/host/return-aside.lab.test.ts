/** Putting back what an earlier run moved aside, on real hosts. */
import { afterEach, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { aside, approve, firstOf, openHosts, run, tenure, useHost } from './lab-hosts.ts';
import type { LabHosts } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const healthyWithinMs = 30_000;
const undo = RunId.parse('undo-prod-1b2c3d');
const putBack = { act: 'put-back', earlier: run } as const;

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`return-${etcd.replace('.', '')}`, etcd);
  const opened: LabHosts[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((open) => open.close()));
  });
  /** The host as the run has it that undoes. */
  const undoing = () => {
    const open = openHosts(h.lab, { runId: undo, tenure: { ...tenure, runId: undo } });
    opened.push(open);
    return { host: firstOf(open), open };
  };

  it('puts it back, twice with the same end, with exactly the commands of its plan, and etcd goes on where it was', async () => {
    await h.lab.etcdctl(['put', '/name/1', 'before']);
    await h.destroy({ act: 'fence' });
    await h.destroy({ act: 'put-aside' });
    const [old, present] = await h.host.dirs([aside, 'data']);
    const { host, open } = undoing();
    const approval = await approve([host], [putBack]);

    await host.destroy(putBack, approval);
    await host.destroy(putBack, approval);

    expect(open.changes()).toEqual(approval.plan.map(({ argv }) => argv.join(' ')));
    const [now, kept] = await host.dirs(['data', { run: undo, what: 'aside' }]);
    expect(now).toMatchObject({ exists: true, identity: old?.exists === true ? old.identity : '' });
    expect(kept).toMatchObject({ exists: true, identity: present?.exists === true ? present.identity : '' });
    await host.do({ act: 'unmask-start' });
    await h.lab.waitHealthy(healthyWithinMs);
    expect((await h.lab.etcdctl(['get', '/name/1', '--print-value-only'])).stdout).toBe('before');
  });

  it('refuses while etcd runs, and when nothing is kept of that run', async () => {
    const { host } = undoing();
    const nothing = await approve([], []);
    await expect(host.destroy(putBack, nothing)).rejects.toMatchObject({ code: 'FENCE_FAILED' });
    await h.destroy({ act: 'fence' });

    const refused = { code: 'HOST_COMMAND_FAILED', message: expect.stringContaining('nothing is kept that could go back') as string };
    await expect(host.plan([putBack])).rejects.toMatchObject(refused);
    await expect(host.destroy(putBack, nothing)).rejects.toMatchObject(refused);
    expect(await h.sh('ls /data/etcd')).toBe('data');
  });

  it('reads what is kept without touching it', async () => {
    await h.lab.etcdctl(['put', '/name/1', 'before']);
    await h.destroy({ act: 'fence' });
    await h.destroy({ act: 'put-aside' });
    const before = h.open.changes().length;

    expect(await h.host.restored(aside)).toMatchObject({ revision: expect.any(BigInt) as bigint });
    expect(h.open.changes()).toHaveLength(before);
  });
});
