/** Says what a restore loses, in revisions and minutes, against the highest revision known of the cluster. */
import type { HighestRevision } from './world.ts';
import { durationInWords, instantInWords, plural } from './words.ts';

/** What a loss is measured between. */
export interface LossOf {
  readonly snapshot: { readonly revision: bigint; readonly takenAt: Date };
  /** Undefined when no revision of the cluster was ever seen. */
  readonly highest: HighestRevision | undefined;
}

/** One sentence for the gate card and the report. A revision is one change of the key space: https://etcd.io/docs/v3.5/learning/data_model/ */
export function lossInWords({ snapshot, highest }: LossOf): string {
  const since = `everything written after ${instantInWords(snapshot.takenAt)}`;
  if (highest === undefined) return `${since}; how much that is cannot be said, because no revision of this cluster was ever seen`;
  const lost = highest.revision - snapshot.revision;
  if (lost <= 0n)
    return `nothing that is known of: no revision above ${snapshot.revision} was ever seen (last seen ${instantInWords(highest.at)}); if something was written after ${instantInWords(snapshot.takenAt)}, it is lost`;
  const span = durationInWords(highest.at.getTime() - snapshot.takenAt.getTime());
  return `${plural(lost, 'revision')} (${span} of writes): ${since}, up to revision ${highest.revision} seen ${instantInWords(highest.at)}`;
}
