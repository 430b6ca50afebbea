/** All cases, in the order they are measured. */
import { backup } from './backup.ts';
import { latency } from './latency.ts';
import { restore } from './restore.ts';
import { status } from './status.ts';
import type { Case } from './case.ts';

export type { Case } from './case.ts';

/** Those that leave the cluster as it was come first. */
export const cases: readonly Case[] = [latency, status, backup, restore];
