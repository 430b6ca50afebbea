/** Ends what an earlier test has left open, so that one failure does not become five. */
import { waitForEnd } from '../stage/acting.ts';
import { people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

/** Aborts every run that has not ended. */
export async function endOpenRuns(stage: Stage): Promise<void> {
  for (const { run, state } of await stage.runs.list({ limit: 20 })) {
    if (state === 'ended') continue;
    await stage.runs.abort(run.runId, people.alice as Parameters<Stage['runs']['abort']>[1]);
    await waitForEnd(stage, run.runId);
  }
}
