/** As kubespray lays etcd out on hosts (`etcd_deployment_type: host`), for Kubernetes, which uses no users in etcd. */
import { ownUnitPath, ownUnitWithEnvironment } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';
import { packageFiles } from './package-files.ts';

export const kubespray: SiteDifference = {
  about: '/etc/etcd.env, own unit, programs in /usr/local/bin, etcd as root, no users in etcd, the data-dir right below /var/lib',
  auth: false,
  etcds: [
    {
      dataDir: '/var/lib/etcd',
      token: 'k8s_etcd',
      user: 'root',
      programs: '/usr/local/bin',
      certificates: ({ name }) => ({
        ca: '/etc/ssl/etcd/ssl/ca.pem',
        cert: `/etc/ssl/etcd/ssl/member-${name}.pem`,
        key: `/etc/ssl/etcd/ssl/member-${name}-key.pem`,
      }),
      unitPath: ownUnitPath('etcd'),
      layout: ownUnitWithEnvironment('/etc/etcd.env'),
    },
  ],
  ownDirs: [],
  absent: [...packageFiles, '/etc/etcd'],
};
