/** Another name for the unit. */
import { ownUnitPath, ownUnitWithEnvironment } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';
import { packageFiles } from './package-files.ts';

export const otherUnit: SiteDifference = {
  about: 'the unit is etcd-main.service, and there is no etcd.service',
  etcds: [
    {
      unit: 'etcd-main',
      dataDir: '/srv/etcd/main',
      unitPath: ownUnitPath('etcd-main'),
      layout: ownUnitWithEnvironment('/etc/etcd/main.env'),
    },
  ],
  ownDirs: ['/srv/etcd'],
  absent: packageFiles,
};
