/** Says what an undo loses: what was written since the run that is undone. */
import type { ClusterId, RunId } from '../../ids.ts';
import { plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

interface LossOf {
  readonly run: RunId;
  /** Where the data that is replaced now may have begun. */
  readonly began: readonly bigint[];
  /** Undefined when nobody answers. */
  readonly now: bigint | undefined;
  readonly keptRevision: bigint;
  readonly clusterId: { readonly present: ClusterId | null; readonly before: ClusterId | null };
}

/** The canary of that run: written once and deleted once. */
const canaryRevisions = 2n;

/** The sentences for the gate card and the report. A revision is one change of the key space: https://etcd.io/docs/v3.5/learning/data_model/ */
export function lossOfUndo({ run, began, now, keptRevision, clusterId }: LossOf, { runId }: Pick<World, 'runId'>): string {
  const since = `everything written since ${run} put its data in place`;
  const first = now === undefined ? undefined : began.filter((revision) => revision <= now).toSorted((a, b) => (a < b ? 1 : -1))[0];
  const amount =
    now === undefined || first === undefined
      ? '; how much that is cannot be said, because no member says at which revision it is'
      : ` (${plural(now - first, 'revision')}, from ${first} to ${now}${now - first >= canaryRevisions ? `; ${canaryRevisions} of them are that run’s own canary` : ''})`;
  const ids =
    clusterId.present === null || clusterId.before === null
      ? ''
      : ` The cluster id goes back from ${clusterId.present} to ${clusterId.before}.`;
  return `${since}${amount}. The present data is put aside on every host and not deleted: \`undo ${runId}\` puts it back.${ids}${keptRevision > 0n ? ` Revisions go back to ${keptRevision}, or a little above` : ''}`.replace(
    /\.$/,
    '',
  );
}
