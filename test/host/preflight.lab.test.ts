/** What is read and refused before anything is touched, on real hosts. */
import { expect, it } from 'vitest';
import { dataDir, firstOf, openHosts, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const description = '/etc/etcd-medic/host.json';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`preflight-${etcd.replace('.', '')}`, etcd, { reset: false });

  it('reads all facts before a restore', async () => {
    const facts = await h.host.preflight();

    expect(facts).toMatchObject({
      unit: { activeState: 'active', masked: false, user: 'etcd', group: 'etcd' },
      serverVersion: etcd === '3.4' ? '3.4.23' : '3.5.16',
      tool:
        etcd === '3.4'
          ? { program: 'etcdctl', version: '3.4.23', canBumpRevision: false }
          : { program: 'etcdutl', version: '3.5.16', canBumpRevision: true },
      configuration: { style: 'environment-file', file: '/etc/default/etcd' },
      dataDir: { exists: true, owner: 'etcd', group: 'etcd', mode: '700', empty: false },
    });
    expect(Math.abs(facts.clockOffsetMs)).toBeLessThan(250);
    expect(h.open.changes()).toEqual([]);
  });

  it.each([
    [
      'sudo does not start the program',
      async () => h.lab.host(h.host.member).fault('refuse-sudo'),
      async () => h.lab.host(h.host.member).fault('allow-sudo'),
      'HOST_SUDO_REFUSED',
      'does not start etcd-medic-host',
    ],
    [
      'the host’s owner does not allow it',
      async () => h.sh(`cp -a ${description} /tmp/kept; sed -i 's/"restore", *//; s/, *"restore"//' ${description}`),
      async () => h.sh(`mv /tmp/kept ${description}`),
      'HOST_NOT_ALLOWED',
      'does not allow restore',
    ],
    [
      'others could have written what the host is',
      async () => h.sh(`chmod g+w ${description}`),
      async () => h.sh(`chmod g-w ${description}`),
      'HOST_DESCRIPTION_INVALID',
      'others than root',
    ],
    [
      'the settings must be changed by a person',
      async () =>
        h.sh(
          `cp -a /etc/default/etcd /tmp/kept; sed -i 's/^ETCD_INITIAL_CLUSTER_TOKEN=.*/ETCD_INITIAL_CLUSTER_TOKEN="a b"/' /etc/default/etcd`,
        ),
      async () => h.sh('mv /tmp/kept /etc/default/etcd'),
      'HOST_OUTPUT_UNKNOWN',
      'cannot be changed here',
    ],
    [
      'the data-dir is a link',
      async () => h.sh(`systemctl stop etcd; mv ${dataDir} /data/etcd/real; ln -s real ${dataDir}`),
      async () => h.sh(`rm ${dataDir}; mv /data/etcd/real ${dataDir}; systemctl start etcd`),
      'HOST_OUTPUT_UNKNOWN',
      'a symbolic link',
    ],
    [
      'etcd keeps its data elsewhere',
      async () => h.sh(`sed -i 's#^ETCD_DATA_DIR=.*#ETCD_DATA_DIR=/var/lib/etcd/x#' /etc/default/etcd`),
      async () => h.sh(`sed -i 's#^ETCD_DATA_DIR=.*#ETCD_DATA_DIR=${dataDir}#' /etc/default/etcd`),
      'HOST_DESCRIPTION_INVALID',
      'keeps its data in /var/lib/etcd/x',
    ],
    [
      'etcd keeps its WAL apart',
      async () => h.sh(`echo ETCD_WAL_DIR=/var/lib/etcd/wal >> /etc/default/etcd`),
      async () => h.sh(`sed -i /WAL_DIR/d /etc/default/etcd`),
      'HOST_DESCRIPTION_INVALID',
      'keeps its WAL in /var/lib/etcd/wal',
    ],
    [
      'there is no tool',
      async () => h.sh('for tool in etcdctl etcdutl; do [ ! -e /usr/bin/$tool ] || mv /usr/bin/$tool /usr/bin/$tool.away; done'),
      async () => h.sh('for tool in etcdctl etcdutl; do [ ! -e /usr/bin/$tool.away ] || mv /usr/bin/$tool.away /usr/bin/$tool; done'),
      'HOST_TOOL_MISSING',
      'neither etcdutl nor etcdctl',
    ],
  ])('says before anything is touched that %s', async (_, make, undo, code, because) => {
    await make();
    try {
      await expect(h.host.preflight()).rejects.toMatchObject({ code, message: expect.stringContaining(because) as string });
      expect(h.open.changes()).toEqual([]);
    } finally {
      await undo();
    }
  });

  it('says that the host has no etcd of that name', async () => {
    const other = openHosts(h.lab, { etcd: { unit: 'etcd-other' } });

    await expect(firstOf(other).preflight()).rejects.toMatchObject({
      code: 'HOST_DESCRIPTION_INVALID',
      message: expect.stringContaining('etcd-other') as string,
    });
    await other.close();
  });

  it('reads a data-dir that is a mount point: what is in it is moved', async () => {
    await h.sh(`systemctl stop etcd; mount --bind ${dataDir} ${dataDir}`);
    try {
      expect((await h.host.preflight()).dataDir).toMatchObject({ exists: true, path: `${dataDir}/member` });
    } finally {
      await h.sh(`umount ${dataDir}; systemctl start etcd`);
    }
  });
});
