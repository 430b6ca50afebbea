/** The story of the demo: a cluster loses its quorum, alice asks for a restore, bob approves it, and the data is back. */
import { cardOf, clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../../stage/acting.ts';
import { people } from '../../stage/stage.ts';
import type { Stage } from '../../stage/stage.ts';
import { ask, untilReported } from './asking.ts';

/** Plays it. `atGate` is called while the card waits for bob. Gives whether the data came back, read past the bot. */
export async function playRestore(
  stage: Stage,
  tell: (text: string) => void,
  atGate: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  tell('alice writes a key, and saves a snapshot');
  await waitForEnd(stage, await startRun(stage, 'put demo /name/1 test'));
  await waitForEnd(stage, await startRun(stage, 'backup demo'));

  tell('somebody writes once more; then two of the three members lose their data');
  await stage.lab.etcdctl(['put', '/name/2', 'too late for the snapshot']);
  await ask(stage, 'status demo');
  await Promise.all(['etcd02', 'etcd03'].map((host) => stage.lab.host(host).fault('lose-data')));

  tell('alice looks, and asks for the restore');
  await ask(stage, 'status demo');
  const run = await startRun(stage, 'restore demo');

  tell('bob reads the card, and approves');
  const gate = await waitForGate(stage, run, 'replace-data');
  await cardOf(stage, gate);
  await atGate();
  await clickCard(stage, gate, 'approve', people.bob);

  tell('the cluster serves again; bob keeps the old data-dirs');
  await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
  const { outcome } = await waitForEnd(stage, run);
  await ask(stage, 'get demo /name/1');
  await untilReported(stage, run);
  return outcome === 'completed' && (await valueOf(stage, '/name/1')) === 'test';
}
