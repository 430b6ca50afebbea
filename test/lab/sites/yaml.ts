/** Settings in a YAML file. */
import { ownUnitPath, yamlFile } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';

export const yaml: SiteDifference = {
  about: 'settings in /etc/etcd/etcd.conf.yml, which an own unit hands to etcd as --config-file',
  etcds: [{ unitPath: ownUnitPath('etcd'), layout: yamlFile('/etc/etcd/etcd.conf.yml') }],
  absent: ['/etc/default/etcd'],
};
