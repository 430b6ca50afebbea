/** One host over ssh, on real hosts: a whole restore, act by act. */
import { expect, it } from 'vitest';
import { renderCommand } from '../../src/engine/command.ts';
import { approval, dataDir, run, silent, token, useHost } from './lab-hosts.ts';
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
    const { tool, configuration, unit } = await h.host.preflight();
    const { restored, aside, snapshot: handedOver } = h.host.paths(run);
    const identity = async (path: string) => {
      const facts = await h.host.dir(path);
      return facts.exists ? facts.identity : undefined;
    };
    const old = await identity(dataDir);
    const twice = async (act: () => Promise<unknown>) => {
      await act();
      await act();
    };

    await twice(() => h.host.receive(delivery, silent));
    expect(await h.host.fileSha256(handedOver)).toBe(delivery.sha256);
    expect(await h.modes(handedOver)).toEqual(['root:root 600 f']);

    await twice(() => h.host.restoreSnapshot(order));
    expect(await h.modes(restored)).toEqual(['etcd:etcd 600 f', 'etcd:etcd 700 d']);
    const found = await h.host.restored(restored);
    expect(found?.revision).toBe(etcd === '3.5' ? 1_000_002n : 2n);

    await twice(() => h.host.stopAndMask(approval));
    expect(await h.host.fenced()).toEqual({ holds: true });
    await twice(() => h.host.swapDataDir(run, approval));
    expect(await identity(aside)).toBe(old);
    expect(await h.host.existing([aside, restored, dataDir])).toEqual(new Set([aside, dataDir]));
    expect(await h.host.has(aside)).toBe(true);

    expect(await h.host.configuration()).toEqual(configuration);
    expect(await h.host.configured(settings)).toMatchObject({ holds: false });
    await twice(() => h.host.configure(settings));
    expect(await h.host.configured(settings)).toEqual({ holds: true });

    await twice(() => h.host.unmaskAndStart());
    await h.lab.waitHealthy(healthyWithinMs);
    expect((await h.lab.etcdctl(['get', 'before', '--print-value-only'])).stdout.trim()).toBe('kept');
    expect((await h.lab.etcdctl(['get', 'after', '--print-value-only'])).stdout.trim()).toBe('');

    await twice(() => h.host.removeScratch(run));
    await twice(() => h.host.deleteAside(run, approval));
    expect(await h.sh('ls /data/etcd')).toBe('data');

    const { commands } = h.host;
    const plans = [
      commands.receive(delivery).filter(({ argv }) => !argv.includes('sha256sum')),
      commands.restoreSnapshot(order, tool),
      commands.stopAndMask(unit),
      commands.swapDataDir(run),
      commands.configure(settings, configuration),
      commands.unmaskAndStart(unit),
      commands.removeScratch(run),
      // The second removal finds nothing to do, but does not look first.
      commands.removeScratch(run),
      commands.deleteAside(run),
    ];
    expect(h.open.recorded.filter(({ changes }) => changes).map(renderCommand)).toEqual(plans.flat().map(renderCommand));
  });

  it('does not swap while etcd runs', async () => {
    await h.handOver();
    await h.host.restoreSnapshot(h.order());

    await expect(h.host.swapDataDir(run, approval)).rejects.toMatchObject({ code: 'FENCE_FAILED' });

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
    await h.host.restoreSnapshot(h.order());
    await h.lab.host(h.host.member).fault('lose-data');
    await h.host.stopAndMask(approval);

    await h.host.swapDataDir(run, approval);
    await h.host.swapDataDir(run, approval);

    expect(await h.host.dir(dataDir)).toMatchObject({ exists: true, owner: 'etcd', empty: false });
    expect(await h.host.dir(h.host.paths(run).aside)).toMatchObject({ exists: true, empty: true });
  });

  it('does not delete the old data while there is nothing in its place', async () => {
    await h.host.stopAndMask(approval);
    await h.sh(`mv ${dataDir} ${h.host.paths(run).aside}`);

    await expect(h.host.deleteAside(run, approval)).rejects.toMatchObject({
      message: expect.stringContaining('the only data left') as string,
    });
    expect(await h.host.dir(h.host.paths(run).aside)).toMatchObject({ exists: true, empty: false });
  });

  it('records what it reads of settings by size and hash only', async () => {
    await h.host.configured({ initialClusterState: 'new', initialClusterToken: token });

    const [read] = h.open.recorded.filter(({ argv }) => argv.join(' ') === 'sudo cat /etc/default/etcd');
    expect(read).toMatchObject({ output: '', exitCode: 0, changes: false });
    expect(read?.outputBytes).toBeGreaterThan(100);
  });
});
