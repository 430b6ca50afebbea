/** Every site of the lab: a restore and a replacement. */
import type { SiteName } from '../lab/lab.ts';
import { describeSite } from './sites-suite.ts';
import type { SiteCase } from './sites-suite.ts';

const packaged = '/etc/default/etcd';

/** A restore of the second etcd that is under way: its data-dir's name begins as that of the first. */
const toolOfTheOther =
  'cp /bin/bash /tmp/etcdctl; systemd-run --uid=etcd /tmp/etcdctl -c "while sleep 5; do :; done" - --data-dir=/var/lib/etcd-events.run.new.part/data';

/** An ordinary run has time for those that differ most. */
const sites: Readonly<Partial<Record<SiteName, SiteCase>>> = {
  kubespray: { etcd: '3.4', settings: '/etc/etcd.env' },
  mount: { settings: packaged, thorough: true },
  'wal-apart': { settings: packaged, thorough: true },
  two: { settings: '/etc/etcd.env', beside: toolOfTheOther },
  debian: { settings: packaged, long: true },
  yaml: { settings: '/etc/etcd/etcd.conf.yml', etcd: '3.4', long: true },
  flags: { settings: '/etc/systemd/system/etcd.service', long: true },
  split: { settings: '/etc/etcd/cluster.env', long: true },
  rhel: { settings: '/etc/etcd/etcd.conf', long: true },
  'rhel-flags': { settings: '/etc/etcd/etcd.conf', etcd: '3.4', long: true },
  'other-unit': { settings: '/etc/etcd/main.env', long: true },
  names: { settings: packaged, long: true },
  ipv6: { settings: packaged, long: true },
  ports: { settings: packaged, etcd: '3.4', long: true },
  'root-ssh': { settings: packaged, long: true },
  'old-sudo': { settings: packaged, long: true },
  bastion: { settings: packaged, long: true },
};

for (const [site, each] of Object.entries(sites)) describeSite(site as SiteName, each);
