/** The flag that makes a cluster of one: set for one start, seen wherever it can stand, gone again; on real hosts. */
import { expect, it } from 'vitest';
import { useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';
import { waitUntil } from '../lab/wait.ts';

const drop = '/run/systemd/system/etcd.service.d/etcd-medic-force-new-cluster.conf';

describeOnEach('force-new-cluster on etcd %s', (etcd) => {
  const h = useHost(`force-${etcd.replace('.', '')}`, etcd);

  for (const { style, tags } of [
    { style: 'environment-file', tags: [] },
    { style: 'flags', tags: ['long'] },
  ] as const)
    it(`is set for one start and taken away again, where etcd is configured by ${style}`, { tags: [...tags] }, async () => {
      await h.lab.host(h.host.member).configureBy(style);
      await h.host.preflight(['v2-restore']);
      await h.sh('systemctl stop etcd');

      await h.host.do({ act: 'v2-force' });
      const set = await h.host.v2.force();
      const text = await h.sh(`cat ${drop}; stat --format=%U /run/systemd/system/etcd.service.d ${drop}`);
      await h.host.do({ act: 'unmask-start' });
      await h.lab.waitHealthy(30_000);
      const running = await h.host.v2.force();
      await h.host.do({ act: 'v2-unforce' });
      // Until it is stopped the old process serves, too.
      await waitUntil(async () => (await h.host.v2.force()).inProcess === false, { for: 'a process without the flag', withinMs: 30_000 });
      await h.lab.waitHealthy(30_000);
      const cleared = await h.host.v2.force();
      const pid = await h.sh('systemctl show etcd -p MainPID');
      await h.host.do({ act: 'v2-unforce' });

      expect(set).toEqual({ inUnit: true, inSettings: expect.any(Boolean), inProcess: undefined });
      expect(text).toBe('[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\nroot\nroot');
      expect(running).toMatchObject({ inUnit: true, inProcess: true });
      expect(cleared).toEqual({ inUnit: false, inSettings: false, inProcess: false });
      expect(await h.sh(`journalctl -u etcd | grep -ci 'forc.*new.cluster'`)).not.toBe('0');
      // Nothing is restarted twice.
      expect(await h.sh('systemctl show etcd -p MainPID')).toBe(pid);
      expect(h.open.changes().filter((line) => line.includes('restart'))).toHaveLength(1);
    });

  it('is seen in the settings and on the command line too', async () => {
    await h.sh('echo ETCD_FORCE_NEW_CLUSTER=true >> /etc/default/etcd; systemctl restart etcd');
    const byFile = await h.host.v2.force();
    await h.lab.resetCluster();
    await h.lab.host(h.host.member).configureBy('flags');
    await h.sh(
      `sed -i 's/^\\(ExecStart=.*\\)$/\\1/; s/--name/--force-new-cluster --name/' /etc/systemd/system/etcd.service; systemctl daemon-reload; systemctl restart etcd`,
    );

    const byFlag = await h.host.v2.force();

    expect(byFile).toEqual({ inUnit: false, inSettings: true, inProcess: true });
    expect(byFlag).toMatchObject({ inSettings: true, inProcess: true });
  });

  it('is refused where etcd reads a YAML file and ignores its environment', async () => {
    await h.lab.host(h.host.member).configureBy('config-file');

    await expect(h.host.do({ act: 'v2-force' })).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('reads a YAML --config-file') as string,
    });
    expect(await h.sh('ls /run/systemd/system/')).not.toContain('etcd.service.d');
  });

  it('is forgotten by a reboot', async () => {
    await h.host.do({ act: 'v2-force' });

    await h.lab.host(h.host.member).fault('power-off');
    await h.lab.host(h.host.member).fault('power-on');
    await h.lab.waitHealthy(60_000);

    expect(await h.host.v2.force()).toEqual({ inUnit: false, inSettings: false, inProcess: false });
  });
});
