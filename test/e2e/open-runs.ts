/** Ends what an earlier test has left open, so that one failure does not become five. */
import { waitForEnd } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';

/** Aborts every run that has not ended: it would hold the cluster. */
export async function endOpenRuns(stage: Stage): Promise<void> {
  for (const { run, state } of await stage.runs.list({ limit: 50 })) {
    if (state === 'ended') continue;
    await stage.runs.abort(run.runId, run.requester.user);
    await waitForEnd(stage, run.runId);
  }
}
