/** Debian's package as it is: what its unit says by itself stands in no file of the administrator's. */
import { packaged } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';
import { environmentFile } from './plain.ts';

export const debian: SiteDifference = {
  about: "Debian's own data-dir and unit, which says name and data-dir; the rest in /etc/default/etcd",
  // The unit has ETCD_NAME=%H and ETCD_DATA_DIR=/var/lib/etcd/default.
  etcds: [{ dataDir: '/var/lib/etcd/default', layout: packaged(environmentFile, ['name', 'data-dir']) }],
  ownDirs: ['/var/lib/etcd'],
};
