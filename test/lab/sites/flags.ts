/** Settings on the command line. */
import { flagsInUnit, ownUnitPath } from '../layouts.ts';
import type { SiteDifference } from '../site.ts';

export const flags: SiteDifference = {
  about: 'every setting a flag in an own unit file',
  etcds: [{ unitPath: ownUnitPath('etcd'), layout: flagsInUnit }],
  absent: ['/etc/default/etcd'],
};
