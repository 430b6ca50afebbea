/** Settings in several files, as configuration management that has grown leaves them. */
import type { HostFile, Layout } from '../layouts.ts';
import { environmentText, only, without } from '../settings.ts';
import type { Settings } from '../settings.ts';
import type { SiteDifference } from '../site.ts';
import { environmentFile } from './plain.ts';

const tls = [
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'client-cert-auth',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
  'peer-client-cert-auth',
];

/** Debian's unit with drop-ins that name two more files. @param cluster the settings that stand in the file of the cluster */
function dropIns(cluster: readonly string[]): Layout {
  const file = (path: string, settings: Settings): HostFile => ({ path, text: environmentText(settings) });
  const dropIn = (unit: string, name: string, lines: readonly string[]): HostFile => ({
    path: `/etc/systemd/system/${unit}.service.d/${name}.conf`,
    text: `[Service]\n${lines.join('\n')}\n`,
  });
  return ({ unit, settings }) => [
    file(environmentFile, without(settings, [...cluster, ...tls])),
    file('/etc/etcd/cluster.env', only(settings, cluster)),
    file('/etc/etcd/tls.env', only(settings, tls)),
    dropIn(unit, '10-cluster', ['EnvironmentFile=/etc/etcd/cluster.env']),
    dropIn(unit, '20-tls', ['EnvironmentFile=/etc/etcd/tls.env']),
    dropIn(unit, '30-limits', ['Nice=-5', 'Environment=ETCD_QUOTA_BACKEND_BYTES=4294967296 ETCD_AUTO_COMPACTION_RETENTION=8']),
  ];
}

export const split: SiteDifference = {
  about: 'three EnvironmentFiles, two of them named by drop-ins; the settings of the cluster are together in one',
  etcds: [{ layout: dropIns(['initial-cluster', 'initial-cluster-state', 'initial-cluster-token']) }],
};

export const splitBad: SiteDifference = {
  about: 'as split, but initial-cluster-state stands in another file than its two sisters: nothing may change that by itself',
  etcds: [{ layout: dropIns(['initial-cluster', 'initial-cluster-token']) }],
};
