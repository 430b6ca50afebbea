/** Whether all workers keep their backups in one directory, and sign them with keys that the others know. */
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** Where one worker keeps its backups. */
export interface BackupPlace {
  /** The name of its machine. */
  readonly worker: string;
  readonly directory: string;
  /** What the mark in that directory holds: the same for all who see the same one. */
  readonly mark: string;
  /** When it last said so. */
  readonly at: Date;
}

/** What Redis knows of all workers. */
export interface BackupPlaces {
  /** The mark of the directory that counts, which the first worker found. */
  readonly id: string | undefined;
  /** The id of the key that backups are signed with. */
  readonly key: string | undefined;
  readonly places: readonly BackupPlace[];
}

/** What is seen from here. */
export interface PlacesSeen {
  readonly directory: string;
  /** Undefined when it cannot be read; `problems` says why. */
  readonly mark: string | undefined;
  readonly keyIds: readonly string[];
  /** What is wrong with the mark and the key themselves, as sentences. */
  readonly problems: readonly string[];
  readonly known: BackupPlaces;
}

/** Each worker reports every minute where its backups are. After this long without a report it counts as gone. */
const silentForMs = 60 * 60_000;

/** Workers that keep their backups in another directory than this one: `bot-2 (/var/backups)`. */
export function elsewhere({ mark, known: { id, places } }: PlacesSeen, now: Date): readonly string[] {
  const recent = places.filter((place) => now.getTime() - place.at.getTime() < silentForMs);
  const others = recent.filter((place) => place.mark !== mark).map(({ worker, directory }) => `${worker} (${directory})`);
  const first = places.find((place) => place.mark === id);
  const firstInWords = first === undefined ? 'the worker that was the first' : `${first.worker} (${first.directory})`;
  return id === undefined || id === mark || others.includes(firstInWords) ? others : [...others, firstInWords];
}

/** A line on the place, a line on the key. */
export function placeChecks(seen: PlacesSeen, now: Date): readonly Check[] {
  const { good, wrong } = saying('backups');
  const { directory, mark, keyIds, problems, known } = seen;
  const others = elsewhere(seen, now);
  const counts = known.id === undefined || known.id === mark;
  const cure = counts
    ? 'Give all workers the same backups.directory, and bring the files there into it.'
    : 'Give all workers the same backups.directory. Only if that of the others is gone for good: `redis-cli HDEL medic:backups id`, and this one counts.';
  return [
    ...problems.map((problem) => wrong('place', problem, `Put it right in ${directory}, then restart the worker.`, 'STORE_FAILED')),
    others.length === 0
      ? good('place', `${directory} is where all workers keep them.`)
      : wrong(
          'place',
          `${directory} is not where all workers keep them: ${others.join(', ')}. Each of them sees only its own, so none is taken for the newest.`,
          cure,
          'SNAPSHOT_NOT_FOUND',
        ),
    known.key === undefined || keyIds.includes(known.key)
      ? good('key', 'The key that they are signed with is known here.')
      : wrong(
          'key',
          'They were signed with a key that is not known here: nobody vouches for them.',
          'Add that key behind the one that signs. Only if it is lost: `redis-cli HDEL medic:backups key`, and take a new backup.',
        ),
  ];
}
