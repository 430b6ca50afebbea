/** No IPv4. */
import type { SiteDifference } from '../site.ts';

export const ipv6: SiteDifference = {
  about: 'hosts have addresses of 2001:db8::/32 and no IPv4: peers, clients and ssh use them',
  ipv6: true,
};
