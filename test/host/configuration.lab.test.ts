/** etcd's configuration in its other two styles, changed on real hosts on which etcd then starts. */
import { describe, expect, it } from 'vitest';
import { approval, token, useHost } from './lab-hosts.ts';

const own = '/etc/systemd/system/etcd.service';

describe.each(['3.4', '3.5'] as const)('etcd %s', (etcd) => {
  const h = useHost(`settings-${etcd.replace('.', '')}`, etcd);

  it.each([
    [
      'flags in an own unit file',
      'flags',
      `sed -i -e '/CLUSTER_STATE/d' -e '/CLUSTER_TOKEN/d' /etc/default/etcd; sed -e 's#^ExecStart=.*#ExecStart=/usr/bin/etcd --initial-cluster-state=new --initial-cluster-token etcd-cluster#' /lib/systemd/system/etcd.service > ${own}; systemctl daemon-reload; systemctl restart etcd`,
      `grep ^ExecStart ${own}`,
      `ExecStart=/usr/bin/etcd --initial-cluster-state=existing --initial-cluster-token ${token}`,
    ],
    [
      'a config file',
      'config-file',
      `. /etc/default/etcd; cat > /etc/etcd/etcd.conf.yml <<END
name: $ETCD_NAME # this member
data-dir: $ETCD_DATA_DIR
listen-client-urls: $ETCD_LISTEN_CLIENT_URLS
advertise-client-urls: $ETCD_ADVERTISE_CLIENT_URLS
listen-peer-urls: $ETCD_LISTEN_PEER_URLS
initial-advertise-peer-urls: $ETCD_INITIAL_ADVERTISE_PEER_URLS
initial-cluster: $ETCD_INITIAL_CLUSTER
initial-cluster-state: 'new' # the first time
client-transport-security: {cert-file: $ETCD_CERT_FILE, key-file: $ETCD_KEY_FILE, trusted-ca-file: $ETCD_TRUSTED_CA_FILE, client-cert-auth: true}
peer-transport-security: {cert-file: $ETCD_CERT_FILE, key-file: $ETCD_KEY_FILE, trusted-ca-file: $ETCD_TRUSTED_CA_FILE, client-cert-auth: true}
END
sed -e 's#^ExecStart=.*#ExecStart=/usr/bin/etcd --config-file=/etc/etcd/etcd.conf.yml#' /lib/systemd/system/etcd.service > ${own}; systemctl daemon-reload; systemctl restart etcd`,
      'grep initial-cluster- /etc/etcd/etcd.conf.yml',
      `initial-cluster-state: 'existing' # the first time\ninitial-cluster-token: ${token}`,
    ],
  ])('is configured by %s, masked or not', async (_, style, prepare, read, expected) => {
    await h.sh(prepare);
    expect((await h.host.preflight()).configuration.style).toBe(style);
    await h.host.stopAndMask(approval);
    expect((await h.host.preflight()).configuration.style).toBe(style);

    const { difference } = await h.host.configure({ initialClusterState: 'existing', initialClusterToken: token });
    await h.host.configure({ initialClusterState: 'existing', initialClusterToken: token });
    await h.host.unmaskAndStart();

    await h.lab.waitHealthy(30_000);
    expect((await h.sh(read)).trim()).toBe(expected);
    expect(difference).toContain('existing');
    expect(await h.host.configured({ initialClusterState: 'existing', initialClusterToken: token })).toEqual({ holds: true });
  });
});
