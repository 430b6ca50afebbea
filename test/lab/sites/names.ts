/** Names instead of addresses. */
import type { SiteDifference } from '../site.ts';

export const names: SiteDifference = {
  about: 'peer URLs and advertised client URLs have names, which hosts know from /etc/hosts; this machine asks by address',
  domain: 'etcd.example',
};
