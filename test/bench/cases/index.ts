/** All cases, in the order they are measured. */
import { backup } from './backup.ts';
import { latency } from './latency.ts';
import { recoverSpace } from './recover-space.ts';
import { replaceMember } from './replace-member.ts';
import { restore } from './restore.ts';
import { status } from './status.ts';
import type { Case } from './case.ts';

export type { Case } from './case.ts';

/** Those that change nothing come first; the one that needs another cluster comes last. */
export const cases: readonly Case[] = [latency, status, backup, restore, replaceMember, recoverSpace];
