/** Settings in a YAML file. */
import { ownUnitPath, yamlFile } from '../layouts.ts';
import type { Layout } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';

/** etcd 3.4 has no HTTP gateway where there is a file, unless the file says so (https://github.com/etcd-io/etcd/issues/12093); the lab asks through it. */
const withGateway: Layout = (told) =>
  yamlFile('/etc/etcd/etcd.conf.yml')({ ...told, settings: new Map([...told.settings, ['enable-grpc-gateway', 'true']]) });

export const yaml: SiteDifference = {
  about: 'settings in /etc/etcd/etcd.conf.yml, which an own unit hands to etcd as --config-file',
  etcds: [{ unitPath: ownUnitPath('etcd'), layout: withGateway }],
  absent: ['/etc/default/etcd'],
};
