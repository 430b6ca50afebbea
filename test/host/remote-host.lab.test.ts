/** One host over ssh, on real hosts: a whole restore, act by act. */
import { expect, it } from 'vitest';
import { renderCommand } from '../../src/engine/command.ts';
import type { HostAct, Part } from '../../src/host/host.ts';
import { approve, aside, dataDir, paths, restored, silent, token, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const healthyWithinMs = 30_000;

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`remote-host-${etcd.replace('.', '')}`, etcd);

  it('carries out a whole restore, with exactly the commands of its plans, and knows when each part is done already', async () => {
    await h.lab.etcdctl(['put', 'before', 'kept']);
    const delivery = await h.delivery(await h.snapshot());
    await h.lab.etcdctl(['put', 'after', 'lost']);
    const order = { ...h.order(), ...(etcd === '3.5' && { bumpRevisionBy: 1_000_000n }) };
    const settings = { initialClusterState: 'existing', initialClusterToken: token } as const;
    const { configuration } = await h.host.preflight();
    const identity = async (part: Part) => {
      const facts = await h.host.dir(part);
      return facts.exists ? facts.identity : undefined;
    };
    const old = await identity('data');
    // Of everything, before anything is done; each act as if those before it had been.
    const acts: readonly HostAct[] = [
      { act: 'receive', delivery },
      { act: 'restore', order },
      { act: 'fence' },
      { act: 'swap' },
      { act: 'settings', settings },
      { act: 'unmask-start' },
      { act: 'remove-scratch' },
      { act: 'delete-aside' },
    ];
    const planned = (await h.host.plan(acts)).flat().map(renderCommand);
    const twice = async (act: () => Promise<unknown>) => {
      await act();
      await act();
    };

    await twice(() => h.host.handOver(delivery, silent));
    expect(await h.sh(`sha256sum ${paths.snapshot}`)).toContain(delivery.sha256);
    expect(await h.modes(paths.snapshot)).toEqual(['etcd:etcd 600 f']);

    await twice(() => h.host.do({ act: 'restore', order }));
    expect(await h.modes(paths.restored)).toEqual(['etcd:etcd 600 f', 'etcd:etcd 700 d']);
    const found = await h.host.restored(restored);
    expect(found?.revision).toBe(etcd === '3.5' ? 1_000_002n : 2n);

    await twice(() => h.destroy({ act: 'fence' }));
    expect(await h.host.fenced()).toEqual({ holds: true });
    await twice(() => h.destroy({ act: 'swap' }));
    expect(await identity(aside)).toBe(old);
    expect(await Promise.all([h.host.has(aside), h.host.has(restored), h.host.has('data')])).toEqual([true, false, true]);

    expect(await h.host.configuration()).toEqual(configuration);
    expect(await h.host.configured(settings)).toMatchObject({ holds: false });
    await twice(() => h.host.do({ act: 'settings', settings }));
    expect(await h.host.configured(settings)).toEqual({ holds: true });

    await twice(() => h.host.do({ act: 'unmask-start' }));
    await h.lab.waitHealthy(healthyWithinMs);
    expect((await h.lab.etcdctl(['get', 'before', '--print-value-only'])).stdout.trim()).toBe('kept');
    expect((await h.lab.etcdctl(['get', 'after', '--print-value-only'])).stdout.trim()).toBe('');

    await twice(() => h.host.do({ act: 'remove-scratch' }));
    await twice(() => h.destroy({ act: 'delete-aside' }));
    expect(await h.sh('ls /data/etcd')).toBe('data');

    expect(h.open.recorded.filter(({ changes }) => changes).map(renderCommand)).toEqual(planned);
    expect(await h.log()).toEqual(expect.arrayContaining([`mv -nT ${dataDir} ${paths.aside}`]));
  });

  it('destroys nothing that was not approved', async () => {
    await h.handOver();
    await h.host.do({ act: 'restore', order: h.order() });
    await h.destroy({ act: 'fence' });
    const approval = await approve([h.host], [{ act: 'swap' }]);
    // What was to be moved in is another thing now: the plan would have an empty directory made.
    await h.sh(`rm -rf ${dataDir}`);

    await expect(h.host.destroy({ act: 'swap' }, approval)).rejects.toMatchObject({ code: 'HOST_PLAN_MOVED' });
    await expect(h.host.destroy({ act: 'swap' }, await approve([], []))).rejects.toMatchObject({ code: 'HOST_PLAN_MOVED' });
    expect(await h.host.has(restored)).toBe(true);
  });

  it('does not swap while etcd runs', async () => {
    await h.handOver();
    await h.host.do({ act: 'restore', order: h.order() });

    await expect(h.destroy({ act: 'swap' })).rejects.toMatchObject({ code: 'FENCE_FAILED' });

    expect(await h.host.fenced()).toMatchObject({
      holds: false,
      because: expect.stringMatching(
        /is active; .*not masked.*an etcd process runs.*client port 2379 is open.*peer port 2380 is open/,
      ) as string,
    });
    expect(h.open.changes().filter((line) => line.includes('mv -nT /data/etcd/data '))).toEqual([]);
  });

  it('starts a member that had lost its data-dir from the restored one', async () => {
    await h.handOver();
    await h.host.do({ act: 'restore', order: h.order() });
    await h.lab.host(h.host.member).fault('lose-data');
    await h.destroy({ act: 'fence' });

    await h.destroy({ act: 'swap' });
    await h.destroy({ act: 'swap' });

    expect(await h.host.dir('data')).toMatchObject({ exists: true, owner: 'etcd', empty: false });
    expect(await h.host.dir(aside)).toMatchObject({ exists: true, empty: true });
  });

  it('does not delete the old data while there is nothing in its place', async () => {
    await h.destroy({ act: 'fence' });
    await h.sh(`mv ${dataDir} ${paths.aside}`);

    await expect(h.destroy({ act: 'delete-aside' })).rejects.toMatchObject({
      message: expect.stringContaining('the only data left') as string,
    });
    expect(await h.host.dir(aside)).toMatchObject({ exists: true, empty: false });
  });

  it('records a look by size and hash only', async () => {
    await h.host.configured({ initialClusterState: 'new', initialClusterToken: token });

    expect(h.open.recorded).toEqual([
      expect.objectContaining({ argv: ['etcd-medic-host', 'look'], output: '', exitCode: 0, changes: false }) as unknown,
    ]);
    expect(h.open.recorded[0]?.outputBytes).toBeGreaterThan(100);
  });

  it('is looked at in a moment', async () => {
    await h.host.unit();
    const times: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const beganMs = performance.now();
      await h.host.unit();
      times.push(performance.now() - beganMs);
    }

    // About 50 ms on an idle machine: one look, over a channel that is open.
    expect(Math.min(...times)).toBeLessThan(1_000);
  });
});
