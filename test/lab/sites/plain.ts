/** The lab as it is when no site is asked for: every other site is written down as what differs from it. */
import { packaged, packagedUnitPath } from '../layouts.ts';
import type { EtcdPlace, Site } from '../site.ts';

export const dataDir = '/data/etcd/data';
export const environmentFile = '/etc/default/etcd';

export const plainEtcd: EtcdPlace = {
  unit: 'etcd',
  dataDir,
  clientPort: 2379,
  peerPort: 2380,
  token: 'etcd-cluster',
  nameSuffix: '',
  user: 'etcd',
  programs: '/usr/bin',
  certificates: () => ({ ca: '/etc/etcd/pki/ca.pem', cert: '/etc/etcd/pki/server.pem', key: '/etc/etcd/pki/server.key' }),
  unitPath: packagedUnitPath('etcd'),
  layout: packaged(environmentFile),
};

export const plain: Site = {
  about: "Debian's unit and /etc/default/etcd, the data-dir two levels below a directory of etcd's own",
  etcds: [plainEtcd],
  auth: true,
  ssh: { user: 'etcdops', sudo: true },
  ipv6: false,
  bastion: false,
  mounts: [],
  ownDirs: ['/data/etcd'],
  absent: [],
  files: [],
};
