/** Ends a restore of API 2 that will not be carried on: force-new-cluster never stays behind, and how each host stands is said. */
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { abandonEach, tidied, untidy } from '../restoring/abandon-restore.ts';
import type { Left } from '../restoring/abandon-restore.ts';
import type { World } from '../world.ts';

const runbook = 'v2-restore';

/** Removes what nobody needs any more on hosts whose data was not touched; the others are left as they are, and what lies where is said. */
export function abandonV2Restore(world: World): Promise<string> {
  return abandonEach(world, { runbook, leave: (host) => leave(host, world.runId) });
}

async function leave(host: Host, runId: World['runId']): Promise<Left> {
  try {
    const { inUnit, inProcess } = await host.v2.force();
    if (inUnit || inProcess === true) await host.do({ act: 'v2-unforce' });
    const [old, undone, unit] = await Promise.all([
      host.dir({ run: runId, what: 'aside' }),
      host.dir({ run: runId, what: 'undone' }),
      host.unit(),
    ]);
    if (!old.exists) return await tidied(host, unit, undone);
    const stands = unit.masked ? `${unit.activeState} and masked` : unit.activeState;
    const where = old.empty ? `there was no data before (${old.path} is empty)` : `the old data is in ${old.path}`;
    return { kind: 'moved', hadData: !old.empty, sentence: `${host.member}: etcd is ${stands}; ${where}.` };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return untidy(host, error.message, runbook);
  }
}
