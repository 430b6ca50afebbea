/** The stories that `npm run demo -- --story NAME` plays. */
import { playRecoverSpace } from './recover-space.ts';
import { playReplaceMember } from './replace-member.ts';
import { playRestore } from './restore.ts';
import type { Story } from './story.ts';

/** By name; the first is played when none is named. */
export const stories: Readonly<Record<string, Story>> = {
  restore: { about: 'two of three members lose their data, and a snapshot brings it back', play: playRestore },
  'replace-member': { about: 'one member loses its disk, and is replaced while the others serve', play: playReplaceMember },
  'recover-space': { about: 'a database outgrows its quota, and is made writable again', play: playRecoverSpace },
};
