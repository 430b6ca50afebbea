/** Whether there is a backup that a cluster can be put back from, how old it is, and whether the next one has room. */
import type { Finding } from '../engine/finding.ts';
import { bytesInWords, durationInWords } from '../engine/words.ts';
import type { SnapshotRecord } from '../snapshots/snapshots.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** What is written in a day is lost with the cluster. */
const oldMs = 24 * 3_600_000;

/** The disk that backups lie on. */
export interface BackupsDisk {
  readonly directory: string;
  readonly freeBytes: number;
  /** What must stay free beside a new backup. */
  readonly reserveBytes: number;
}

/** What was seen of the backups of a cluster. */
export interface BackupsSeen {
  /** The newest that this bot vouches for. */
  readonly newest: SnapshotRecord | undefined;
  /** Those that are taken only by name, each with why. */
  readonly inDoubt: readonly string[];
  /** Whether that file is whole, read from end to end just now. */
  readonly proof: Finding | undefined;
  readonly disk: BackupsDisk | undefined;
  /** Of the largest database; undefined when no member says it. */
  readonly dbSizeBytes: number | undefined;
}

export function backupChecks(cluster: string, { newest, proof, inDoubt, disk, dbSizeBytes }: BackupsSeen, now: Date): readonly Check[] {
  const { good, wrong, worthALook, notLookedAt } = saying('backups');
  const take = `\`backup ${cluster}\`, and have it taken regularly.`;
  const needed = 2 * (dbSizeBytes ?? newest?.bytes ?? 0) + (disk?.reserveBytes ?? 0);
  const age = newest === undefined ? 0 : now.getTime() - newest.takenAt.getTime();
  const which = newest === undefined ? '' : `The newest backup, ${newest.id},`;
  return [
    newest === undefined
      ? wrong(
          'newest',
          inDoubt.length === 0
            ? 'There is no backup that could be put back.'
            : 'There is no backup that would be taken without being named.',
          take,
          'SNAPSHOT_NOT_FOUND',
        )
      : proof?.holds === false
        ? wrong('newest', `${which} cannot be put back: ${proof.because}`, take, 'SNAPSHOT_INVALID')
        : age > oldMs
          ? worthALook('newest', `${which} is ${durationInWords(age)} old.`, take)
          : good('newest', `${which} is ${durationInWords(age)} old and whole.`),
    ...(inDoubt.length === 0
      ? []
      : [
          worthALook(
            'signature',
            `A restore takes these only by name: ${inDoubt.join('. ')}.`,
            'Find out who put them there; a new backup is signed.',
          ),
        ]),
    disk === undefined
      ? notLookedAt('room', 'What is free in the directory of the backups could not be told.')
      : disk.freeBytes < needed
        ? wrong(
            'room',
            `${disk.directory} has ${bytesInWords(disk.freeBytes)} free. Two more backups and what must stay free beside them need ${bytesInWords(needed)}.`,
            'Make room there.',
            'STORE_FAILED',
          )
        : good('room', `${disk.directory} has ${bytesInWords(disk.freeBytes)} free.`),
  ];
}
