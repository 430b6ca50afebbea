/** Other ports. */
import type { SiteDifference } from '../site.ts';

export const ports: SiteDifference = {
  about: 'clients on 12379, peers on 12380',
  etcds: [{ clientPort: 12_379, peerPort: 12_380 }],
};
