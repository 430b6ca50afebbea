/** The list of all verbs a worker carries out: command, help, plan, buttons, report and terminal follow from it. */
import { backup } from './backup.ts';
import { backups } from './backups.ts';
import { get } from './get.ts';
import type { Verb } from './procedure.ts';
import { put } from './put.ts';
import { replaceMember } from './replace-member.ts';
import { recoverSpace } from './recover-space.ts';
import { recoverQuorum } from './recover-quorum.ts';
import { restore } from './restore.ts';
import { status } from './status.ts';
import { v2Backup } from './v2-backup.ts';

/** In the order of the help text. */
export const verbs: readonly Verb[] = [status, backup, backups, restore, recoverQuorum, replaceMember, recoverSpace, put, get, v2Backup];
