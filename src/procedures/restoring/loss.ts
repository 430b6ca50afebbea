/** Says what a restore loses, in revisions and minutes, against the highest revision known of the cluster. */
import type { HighestRevision } from '../world.ts';
import { durationInWords, instantInWords, plural } from '../../engine/words.ts';

/** What a loss is measured between. */
export interface LossOf {
  /** `takenAt` only where the file holds all there was at that instant: not of a copied database, nor of a person's own file. */
  readonly snapshot: {
    readonly revision: bigint;
    readonly takenAt?: Date | undefined;
    /** Why it is not to be believed: then its own word makes nothing smaller. */
    readonly doubts?: readonly string[];
  };
  /** Undefined when no revision of the cluster was ever seen. */
  readonly highest: HighestRevision | undefined;
}

/** One sentence for the gate card and the report. A revision is one change of the key space: https://etcd.io/docs/v3.5/learning/data_model/ */
export function lossInWords({ snapshot, highest }: LossOf): string {
  const { revision, doubts = [] } = snapshot;
  if (doubts.length > 0) return doubtedLoss(revision, doubts.join('; '), highest);
  return knownLoss({ snapshot, highest });
}

function knownLoss({ snapshot: { revision, takenAt }, highest }: LossOf): string {
  const after = takenAt === undefined ? `after revision ${revision}` : `after ${instantInWords(takenAt)}`;
  const since = `everything written ${after}`;
  if (highest === undefined) return `${since}; how much that is cannot be said, because no revision of this cluster was ever seen`;
  const lost = highest.revision - revision;
  if (lost <= 0n)
    return `nothing that is known of: no revision above ${revision} was ever seen (last seen ${instantInWords(highest.at)}); if something was written ${after}, it is lost`;
  const span = takenAt === undefined ? '' : ` (${durationInWords(highest.at.getTime() - takenAt.getTime())} of writes)`;
  return `${plural(lost, 'revision')}${span}: ${since}, up to revision ${highest.revision} seen ${instantInWords(highest.at)}`;
}

/** A forged file says what its maker likes of its time and revision: that nothing is lost is never said on its word. */
function doubtedLoss(revision: bigint, doubts: string, highest: HighestRevision | undefined): string {
  if (highest !== undefined && highest.revision > revision)
    return `${knownLoss({ snapshot: { revision }, highest })}; it may be more, because ${doubts}`;
  const known =
    highest === undefined
      ? 'no revision of this cluster was ever seen'
      : `the highest one seen of this cluster is ${highest.revision}, at ${instantInWords(highest.at)}`;
  return `what nobody can say for certain: the file itself says that it ends with revision ${revision}, and ${known}; but ${doubts}`;
}

/** What is said of a copied database wherever it is chosen, approved or reported. https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster */
export const copyRemark =
  'It is a copied database without a SHA-256 of its own, so it is restored with --skip-hash-check: etcd’s tool can read it, but nothing proves that it is byte for byte what etcd wrote; and what stood only in the write-ahead log is not in it';

/** How far above the highest revision known a bumped cluster goes on, for writes nobody saw. */
const bumpMargin = 1_000_000n;

/** What is added to a file's revision, where the tool can, so that no watcher ever sees revisions go backwards. */
export function bumpOver(revision: bigint, highest: HighestRevision | undefined): bigint {
  const lost = highest === undefined || highest.revision < revision ? 0n : highest.revision - revision;
  return lost + bumpMargin;
}
