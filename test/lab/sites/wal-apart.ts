/** The WAL on a disk of its own. */
import type { SiteDifference } from '../site.ts';

export const walApart: SiteDifference = {
  about: '--wal-dir /wal/etcd, /wal being another file system',
  etcds: [{ walDir: '/wal/etcd' }],
  mounts: [{ path: '/wal', sizeMiB: 512 }],
  ownDirs: ['/data/etcd', '/wal'],
};
