/** No ssh from where the bot is. */
import type { SiteDifference } from '../site.ts';

export const bastion: SiteDifference = {
  about: 'members answer ssh from the host bastion01 alone (nft); etcd is reached directly',
  bastion: true,
};
