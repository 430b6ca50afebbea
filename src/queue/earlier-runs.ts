/** The runs of before, read from their journals and never written. Keys: read only, those of journal.ts. */
import { recall } from '../engine/recall.ts';
import type { EarlierRuns } from '../procedures/world.ts';
import { available } from './unavailable.ts';
import { readRun } from './viewing.ts';
import type { ViewingDeps } from './viewing.ts';

/** Every method throws QUEUE_UNAVAILABLE too, when Redis does not answer. */
export function createEarlierRuns(deps: ViewingDeps): EarlierRuns {
  return {
    recall: (run) =>
      available(async () => {
        const { view, entries } = await readRun(deps, run);
        return recall(view.run, entries);
      }),
  };
}
