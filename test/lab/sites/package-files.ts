/** What Debian's package of etcd leaves on a host and other ways of installing etcd do not. */
export const packageFiles: readonly string[] = [
  '/usr/lib/systemd/system/etcd.service',
  // Without a unit of that name systemd would start this one.
  '/etc/init.d/etcd',
  '/etc/systemd/system/etcd2.service',
  '/etc/default/etcd',
  '/data',
];
