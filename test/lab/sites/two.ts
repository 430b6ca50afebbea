/** Two clusters over the same hosts, as kubespray makes them for Kubernetes' events. */
import { ownUnitPath, ownUnitWithEnvironment } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';
import { packageFiles } from './package-files.ts';

export const two: SiteDifference = {
  about: 'two etcds on each host, etcd and etcd-events, each a cluster of its own; one data-dir is the beginning of the name of the other',
  etcds: [
    { dataDir: '/var/lib/etcd', unitPath: ownUnitPath('etcd'), layout: ownUnitWithEnvironment('/etc/etcd.env') },
    {
      unit: 'etcd-events',
      dataDir: '/var/lib/etcd-events',
      clientPort: 2383,
      peerPort: 2382,
      token: 'etcd-events',
      nameSuffix: '-events',
      unitPath: ownUnitPath('etcd-events'),
      layout: ownUnitWithEnvironment('/etc/etcd-events.env'),
    },
  ],
  ownDirs: [],
  absent: packageFiles,
};
