/** The data-dir is where a disk is mounted. */
import type { SiteDifference } from '../site.ts';

export const mount: SiteDifference = {
  about: 'the data-dir /srv/etcd is itself a mount point, with lost+found in it',
  etcds: [{ dataDir: '/srv/etcd' }],
  mounts: [{ path: '/srv/etcd', sizeMiB: 1_024, lostAndFound: true }],
  ownDirs: ['/srv/etcd'],
};
