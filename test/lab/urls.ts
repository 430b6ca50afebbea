/** Under which names, addresses and URLs a host and its etcds are known. */
import type { EtcdPlace, Site } from './site.ts';
import { siteNamed } from './sites/index.ts';
import type { HostState, LabState } from './state.ts';

type Sited = Pick<LabState, 'site'>;

export function siteOf({ site }: Sited): Site {
  return siteNamed(site);
}

/** The etcd of that unit, or the first one. @throws Error when the site has none of that unit */
export function etcdOf(lab: Sited, unit?: string): EtcdPlace {
  const { etcds } = siteOf(lab);
  const found = unit === undefined ? etcds[0] : etcds.find((etcd) => etcd.unit === unit);
  if (found === undefined) throw new Error(`the site ${lab.site} has no unit ${unit}; it has ${etcds.map((etcd) => etcd.unit).join(', ')}`);
  return found;
}

/** What the member is called in its cluster. */
export function memberName({ name }: HostState, { nameSuffix }: EtcdPlace): string {
  return `${name}${nameSuffix}`;
}

/** What stands in URLs of the cluster: an address, or a name that only the hosts can resolve. */
function knownAs(lab: Sited, { name, address }: HostState): string {
  const { domain } = siteOf(lab);
  return domain === undefined ? bracketed(address) : `${name}.${domain}`;
}

/** An address as a URL has it. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** As this machine reaches it: always by address. */
export function clientUrl({ address }: HostState, { clientPort }: EtcdPlace): string {
  return `https://${bracketed(address)}:${clientPort}`;
}

/** As the member list has it. */
export function peerUrl(lab: Sited, host: HostState, { peerPort }: EtcdPlace): string {
  return `https://${knownAs(lab, host)}:${peerPort}`;
}

/** Where etcd listens, and what it tells others. */
export function etcdUrls(lab: Sited, host: HostState, etcd: EtcdPlace): Readonly<Record<string, string>> {
  const loopback = `https://${siteOf(lab).ipv6 ? '[::1]' : '127.0.0.1'}:${etcd.clientPort}`;
  return {
    'listen-client-urls': `${clientUrl(host, etcd)},${loopback}`,
    'advertise-client-urls': `https://${knownAs(lab, host)}:${etcd.clientPort}`,
    // etcd binds to addresses only.
    'listen-peer-urls': `https://${bracketed(host.address)}:${etcd.peerPort}`,
    'initial-advertise-peer-urls': peerUrl(lab, host, etcd),
  };
}

/** The subject alternative names of a host's certificate, as openssl wants them. */
export function certificateNames(lab: Sited, { name, address }: HostState): string {
  const { domain, ipv6 } = siteOf(lab);
  const names = [name, ...(domain === undefined ? [] : [`${name}.${domain}`]), 'localhost'];
  return [...names.map((each) => `DNS:${each}`), `IP:${address}`, `IP:${ipv6 ? '::1' : '127.0.0.1'}`].join(',');
}

/** /etc/hosts of every host. */
export function hostsFile(lab: Pick<LabState, 'site' | 'hosts'>): string {
  const { domain } = siteOf(lab);
  const lines = lab.hosts.map(({ address, name }) => `${address} ${domain === undefined ? '' : `${name}.${domain} `}${name}`);
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n');
}
