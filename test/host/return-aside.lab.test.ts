/** Putting back what an earlier run moved aside, on real hosts under exactly deploy/sudoers. */
import { expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { approval, dataDir, run, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const healthyWithinMs = 30_000;
const undo = RunId.parse('undo-prod-1b2c3d');

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`return-${etcd.replace('.', '')}`, etcd);

  it('puts it back, twice with the same end, with exactly the commands of its plan, and etcd goes on where it was', async () => {
    await h.lab.etcdctl(['put', '/name/1', 'before']);
    await h.host.stopAndMask(approval);
    await h.host.putDataAside(run, approval);
    const [old, present] = await h.host.dirs([h.host.paths(run).aside, dataDir]);
    const before = h.open.changes().length;
    const plan = h.host.commands.returnAside(undo, run, present).map(({ argv }) => argv.join(' '));

    await h.host.returnAside(undo, run, approval);
    await h.host.returnAside(undo, run, approval);

    expect(h.open.changes().slice(before)).toEqual(plan);
    const [now, aside] = await h.host.dirs([dataDir, h.host.paths(undo).aside]);
    expect(now).toMatchObject({ exists: true, identity: old?.exists === true ? old.identity : '' });
    expect(aside).toMatchObject({ exists: true, identity: present?.exists === true ? present.identity : '' });
    await h.host.unmaskAndStart();
    await h.lab.waitHealthy(healthyWithinMs);
    expect((await h.lab.etcdctl(['get', '/name/1', '--print-value-only'])).stdout).toBe('before');
  });

  it('refuses while etcd runs, and when nothing is kept of that run', async () => {
    await expect(h.host.returnAside(undo, run, approval)).rejects.toMatchObject({ code: 'FENCE_FAILED' });
    await h.host.stopAndMask(approval);

    await expect(h.host.returnAside(undo, run, approval)).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('nothing is kept that could go back') as string,
    });
    expect(await h.sh('ls /data/etcd')).toBe('data');
  });

  it('reads what is kept without touching it', async () => {
    await h.lab.etcdctl(['put', '/name/1', 'before']);
    await h.host.stopAndMask(approval);
    await h.host.putDataAside(run, approval);
    const before = h.open.changes().length;

    expect(await h.host.restored(h.host.paths(run).aside)).toMatchObject({ revision: expect.any(BigInt) as bigint });
    expect(h.open.changes()).toHaveLength(before);
  });
});
