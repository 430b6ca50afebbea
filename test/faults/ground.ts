/** What the tests of a restore on a stage share: a cluster that has lost its quorum, and what its thread says. */
import { startRun, waitForEnd } from '../stage/acting.ts';
import { endOpenRuns } from '../e2e/open-runs.ts';
import { channels } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import type { RunId } from '../../src/ids.ts';
import type { LocalMessage } from '../slack/local-slack.ts';

/** A snapshot with the key /name/1 in it, and no quorum any more. */
export async function loseQuorum(stage: Stage): Promise<void> {
  await endOpenRuns(stage);
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
}

/** The root message of a run; undefined until it is there. */
export async function rootOf(stage: Stage, run: RunId): Promise<LocalMessage | undefined> {
  return (await stage.slack.messages(channels.incident)).find(
    // What only one person is shown names the run too.
    ({ ts, thread_ts: threadTs, blocks, ephemeral_to: shownTo }) =>
      shownTo === undefined && (threadTs === undefined || threadTs === ts) && JSON.stringify(blocks ?? []).includes(run),
  );
}

/** The replies in a run's thread, oldest first. */
export async function threadOf(stage: Stage, run: RunId): Promise<readonly LocalMessage[]> {
  const root = await rootOf(stage, run);
  return (await stage.slack.messages(channels.incident)).filter(({ thread_ts: threadTs, ts }) => threadTs === root?.ts && ts !== root?.ts);
}
