/** Finds one stored snapshot: by its id, or by the run that took it. */
import { distance } from 'fastest-levenshtein';
import { list as inWords } from '../engine/words.ts';
import { OpsError } from '../errors.ts';
import type { RunId, SnapshotId } from '../ids.ts';
import { list } from './list.ts';
import type { ListDeps } from './list.ts';
import type { SnapshotRecord } from './snapshots.ts';

/** So many ids are offered when one is not known. */
const offered = 3;

/** @throws OpsError SNAPSHOT_NOT_FOUND with the nearest ids, SNAPSHOT_INVALID with the flaw, STORE_FAILED */
export async function find(deps: ListDeps, id: SnapshotId): Promise<SnapshotRecord> {
  const all = await list(deps);
  const usable = all.flatMap((one) => (one.ok ? [one.record] : []));
  const found = usable.find((record) => record.id === id);
  if (found !== undefined) return found;
  const flawed = all.find((one) => !one.ok && (one.file === `${id}.db` || one.file === `${id}.json`));
  if (flawed !== undefined && !flawed.ok) throw new OpsError('SNAPSHOT_INVALID', `The snapshot ${id} cannot be used. ${flawed.because}`);
  const nearest = usable
    .map((record) => record.id)
    .toSorted((a, b) => distance(id, a) - distance(id, b))
    .slice(0, offered);
  const { cluster } = deps.layout;
  const instead = nearest.length === 0 ? `None of ${cluster} is stored.` : `Nearest: ${nearest.join(', ')}.`;
  throw new OpsError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${id} of ${cluster}. ${instead}${await orElsewhere(deps)}`, {
    details: { nearest },
  });
}

/** The snapshot that a run took; undefined while it has taken none: a sidecar that anybody could have written names no run. @throws OpsError STORE_FAILED */
export async function takenBy(deps: ListDeps, run: RunId): Promise<SnapshotRecord | undefined> {
  return (await list(deps)).flatMap((one) => (one.ok && one.record.signed ? [one.record] : [])).find((record) => record.run === run);
}

/** Where else it may be, as a sentence with a blank before it; empty where all workers share one directory. */
export async function orElsewhere({ elsewhere }: Pick<ListDeps, 'elsewhere'>): Promise<string> {
  const others = await elsewhere();
  return others.length === 0 ? '' : ` Not all workers keep their backups in this directory; it may be on ${inWords(others)}.`;
}
