/** The stories that `npm run demo -- --story NAME` plays. */
import { playRecoverQuorum } from './recover-quorum.ts';
import { playRecoverSpace } from './recover-space.ts';
import { playReplaceMember } from './replace-member.ts';
import { playRestore } from './restore.ts';
import type { Story } from './story.ts';

/** By name; the first is played when none is named. */
export const stories: Readonly<Record<string, Story>> = {
  restore: { about: 'two of three members lose their data, and a snapshot brings it back', play: playRestore },
  'replace-member': { about: 'one member loses its disk, and is replaced while the others serve', play: playReplaceMember },
  'recover-quorum': {
    about: 'two of three members are gone for good, and the third one’s data makes a new cluster',
    play: playRecoverQuorum,
  },
  'recover-space': { about: 'a database outgrows its quota, and is made writable again', play: playRecoverSpace },
};
