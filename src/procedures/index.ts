/** The list of all verbs a worker carries out: command, help, plan, buttons, report and terminal follow from it. */
import { backup } from './backup.ts';
import { backups } from './backups.ts';
import { compact } from './compact.ts';
import { defragment } from './defragment.ts';
import { disarm } from './disarm.ts';
import { doctor } from './doctor.ts';
import { get } from './get.ts';
import { moveLeader } from './move-leader.ts';
import type { Verb } from './procedure.ts';
import { put } from './put.ts';
import { recoverQuorum } from './recover-quorum.ts';
import { recoverSpace } from './recover-space.ts';
import { replaceMember } from './replace-member.ts';
import { restart } from './restart.ts';
import { restore } from './restore.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { undo } from './undo.ts';
import { v2Backup } from './v2-backup.ts';
import { v2Restore } from './v2-restore.ts';

/** In the order of the help text. */
export const verbs: readonly Verb[] = [
  status,
  doctor,
  backup,
  backups,
  restore,
  recoverQuorum,
  undo,
  replaceMember,
  recoverSpace,
  compact,
  defragment,
  disarm,
  moveLeader,
  start,
  stop,
  restart,
  put,
  get,
  v2Backup,
  v2Restore,
];
