/** etcd's configuration in its three styles, changed on real hosts on which etcd then starts. */
import { expect, it } from 'vitest';
import { token, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const own = '/etc/systemd/system/etcd.service';
const yml = '/etc/etcd/etcd.conf.yml';

/** Settings without what each style puts around them. */
const plain = (text: string) =>
  text
    .split('\n')
    .map((line) => /^(?:ETCD_|--)?([A-Za-z_-]+)[=: ] *"?([^"]*)"?$/.exec(line) ?? [])
    .map(([, name = '', value = '']) => `${name.toLowerCase().replaceAll('_', '-')} ${value}`)
    .toSorted();

describeOnEach('etcd %s', (etcd) => {
  const h = useHost(`settings-${etcd.replace('.', '')}`, etcd);

  for (const { style, read, tags } of [
    { style: 'environment-file', read: 'grep -h ^ETCD_INITIAL_CLUSTER /etc/default/etcd', tags: [] },
    { style: 'flags', read: `grep -h -o -e '--initial-cluster[a-z-]*[ =][^ ]*' ${own}`, tags: ['long'] },
    { style: 'config-file', read: `grep -h ^initial-cluster ${yml}`, tags: [] },
  ] as const)
    it(`is configured by ${style}, masked or not, and starts so`, { tags: [...tags] }, async () => {
      await h.lab.host(h.host.member).configureBy(style);
      expect((await h.host.preflight(['restore', 'replace-member'])).configuration.style).toBe(style);
      await h.destroy({ act: 'fence' });
      const facts = await h.host.preflight(['restore', 'replace-member', 'undo']);
      expect(facts.configuration.style).toBe(style);
      const settings = {
        initialClusterState: 'existing',
        initialClusterToken: token,
        initialCluster: `${h.host.member}=${h.lab.host(h.host.member).peerUrl},etcd09=https://[2001:db8::9]:2380`,
      } as const;
      const before = h.open.changes().length;
      const planned = await h.planned({ act: 'settings', settings });

      const { difference } = await h.host.do({ act: 'settings', settings });
      await h.host.do({ act: 'settings', settings });

      expect(h.open.changes().slice(before)).toEqual(planned);
      expect(difference).toContain(settings.initialCluster);
      expect(await h.host.configured(settings)).toEqual({ holds: true });
      expect(await h.host.settingsBefore(settings)).toEqual({
        initialClusterState: 'new',
        initialClusterToken: 'etcd-cluster',
        initialCluster: `${h.host.member}=${h.lab.host(h.host.member).peerUrl}`,
      });
      const copies = await h.sh(`find /etc/default /etc/etcd /etc/systemd/system -name '*.before-existing-????????????.etcd-medic'`);
      expect(copies.split('\n').filter(Boolean)).toHaveLength(1);
      await h.host.do({ act: 'unmask-start' });
      await h.lab.waitHealthy(30_000);
      expect(plain(await h.sh(read))).toEqual([
        `initial-cluster ${settings.initialCluster}`,
        'initial-cluster-state existing',
        `initial-cluster-token ${token}`,
      ]);
      const fits = { keyMatches: true, signedByCa: true };
      expect(await h.host.certificates()).toMatchObject([
        { use: 'client', ...fits },
        { use: 'peer', ...fits },
      ]);
    });

  it('adds to a config file what stands nowhere yet', async () => {
    await h.lab.host(h.host.member).configureBy('config-file');
    await h.sh(`sed -i '/^initial-cluster/d' ${yml}`);
    const settings = { initialClusterState: 'existing', initialCluster: `${h.host.member}=${h.lab.host(h.host.member).peerUrl}` } as const;

    await h.host.do({ act: 'settings', settings });

    expect(await h.sh(`tail -n 2 ${yml}`)).toBe(`initial-cluster-state: existing\ninitial-cluster: ${settings.initialCluster}`);
    expect(await h.host.configured(settings)).toEqual({ holds: true });
  });

  it('changes the state alone', async () => {
    await h.host.do({ act: 'settings', settings: { initialClusterState: 'existing' } });

    expect(await h.sh('grep -c etcd-cluster /etc/default/etcd')).toBe('1');
    expect(await h.host.configured({ initialClusterState: 'existing', initialClusterToken: 'etcd-cluster' })).toEqual({ holds: true });
    expect(await h.host.settingsBefore({ initialClusterState: 'existing' })).toEqual({ initialClusterState: 'new' });
    expect(await h.host.settingsBefore({ initialClusterState: 'existing', initialClusterToken: token })).toBeUndefined();
    expect(await h.sh('ls /etc/default')).toContain('etcd.before-existing.etcd-medic');
  });
});
