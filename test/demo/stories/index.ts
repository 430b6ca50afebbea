/** The stories that `npm run demo -- --story NAME` plays. */
import { playRestore } from './restore.ts';
import type { Story } from './story.ts';

/** By name; the first is played when none is named. */
export const stories: Readonly<Record<string, Story>> = {
  restore: { about: 'two of three members lose their data, and a snapshot brings it back', play: playRestore },
};
