/** The directory of the backups as this process finds it: its mark, the keys that sign, and whether the other workers have the same. */
import { hostname } from 'node:os';
import { elsewhere, placeChecks } from '../checkup/backup-places.ts';
import type { BackupPlaces, PlacesSeen } from '../checkup/backup-places.ts';
import type { Check } from '../checkup/check.ts';
import type { Secret } from '../config/secret.ts';
import type { Clock } from '../engine/ports.ts';
import { isOpsError } from '../errors.ts';
import type { QueueLog } from '../queue/connection.ts';
import { readPlaces, registerPlace } from '../queue/backup-places.ts';
import { makeMark, makeSigning, readMark, readSigning } from '../snapshots/shared-files.ts';
import type { Mark } from '../snapshots/shared-files.ts';
import { createSigning, unchecked, withoutKey } from '../snapshots/signing.ts';
import type { Signing } from '../snapshots/signing.ts';

/** How often a worker says where its backups are, and looks at what the others say. */
const everyMs = 60_000;

/** The directory as it was found. */
export interface OwnBackups {
  readonly directory: string;
  readonly mark: Mark;
  readonly signing: Signing;
}

interface OpenOptions {
  readonly directory: string;
  /** From the environment; the key that lies beside the backups when undefined. */
  readonly keys: readonly Secret[] | undefined;
}

/** For a worker: makes mark and key where there are none. Never throws: a bot that cannot sign can still look, and restore what is named. */
export async function openBackups({ directory, keys }: OpenOptions): Promise<OwnBackups> {
  const [mark, signing] = await Promise.all([
    orSentence(
      async () => await makeMark(directory),
      (because): Mark => ({ ok: false, because }),
    ),
    keys === undefined ? orSentence(async () => await makeSigning(directory), withoutKey) : given(keys),
  ]);
  return { directory, mark, signing };
}

/** For who only looks: makes nothing. */
export async function lookAtBackups({ directory, keys }: OpenOptions): Promise<OwnBackups> {
  const signing = keys === undefined ? await readSigning(directory) : given(keys);
  return { directory, mark: readMark(directory), signing: signing.problem === undefined ? signing : unchecked(signing.problem) };
}

function given(keys: readonly Secret[]): Signing {
  return createSigning(keys.map((key) => key.reveal()));
}

async function orSentence<T>(make: () => Promise<T>, otherwise: (because: string) => T): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (isOpsError(error)) return otherwise(error.message);
    throw error;
  }
}

/** What is seen of the place from here. */
export function placesSeen({ directory, mark, signing }: OwnBackups, known: BackupPlaces): PlacesSeen {
  return {
    directory,
    mark: mark.ok ? mark.id : undefined,
    keyIds: signing.keyIds,
    problems: [...(mark.ok ? [] : [mark.because]), ...(signing.problem === undefined ? [] : [signing.problem])],
    known,
  };
}

/** What a worker knows of the others' backups. */
export interface WatchedPlace {
  /** Asks Redis now. */
  elsewhere(): Promise<readonly string[]>;
  checks(): Promise<readonly Check[]>;
  /** As of the last look: what is wrong, a sentence each. */
  remarks(): readonly string[];
  /** Resolves when the watching has ended. */
  stop(): Promise<void>;
}

interface WatchOptions {
  readonly own: OwnBackups;
  readonly redis: Parameters<typeof registerPlace>[0];
  readonly clock: Clock;
  readonly log: Pick<QueueLog, 'warn'>;
}

/** Says where this worker's backups are, at once and each minute, and warns of what is not shared whenever that changes. */
export async function watchPlace({ own, redis, clock, log }: WatchOptions): Promise<WatchedPlace> {
  let remarks: readonly string[] = [];
  const judged = (known: BackupPlaces) => placeChecks(placesSeen(own, known), clock.now());
  const look = async () => {
    const known = own.mark.ok
      ? await registerPlace(redis, { worker: hostname(), directory: own.directory, mark: own.mark.id, at: clock.now() }, own.signing.keyIds)
      : await readPlaces(redis);
    const now = judged(known).flatMap(({ grade, sentence, cure = '' }) => (grade === 'wrong' ? [`Backups: ${sentence} ${cure}`] : []));
    for (const warning of now.filter((one) => !remarks.includes(one))) log.warn({ warning }, 'worth a look');
    remarks = now;
  };
  // Redis away is told by others, and is no reason not to begin: it is looked at again.
  await look().catch(() => undefined);
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async () => {
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      // What was seen last stays said.
      if (!signal.aborted) await look().catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    elsewhere: async () => elsewhere(placesSeen(own, await readPlaces(redis)), clock.now()),
    checks: async () => judged(await readPlaces(redis)),
    remarks: () => remarks,
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}
