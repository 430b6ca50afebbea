/** The story of the lost quorum: two of three members lose their data, and the survivor has more than the last backup. */
import type { Gate } from '../../../src/engine/journal.ts';
import { cardOf, clickCard, startRun, valueOf, waitForEnd, waitForGate } from '../../stage/acting.ts';
import { channels, people } from '../../stage/stage.ts';
import type { Stage } from '../../stage/stage.ts';
import { ask, untilReported } from './asking.ts';

/** Waits for the card of a choice, and clicks the button of one of the ways. */
export async function clickWay(stage: Stage, gate: Gate, way: string, by: string = people.alice): Promise<void> {
  if (gate.options?.some(({ id, possible }) => id === way && possible) !== true)
    throw new Error(`${way} is not offered at ${gate.gateId}: ${gate.reason} ${JSON.stringify(gate.options ?? [], undefined, 1)}`);
  const card = await cardOf(stage, gate);
  await stage.slack.click(by, channels.incident, card.ts, `gate.choose.${way}`);
}

/** Plays it. `atGate` is called while the card with the ways back waits. Gives whether the data came back, also what no backup has. */
export async function playRecoverQuorum(
  stage: Stage,
  tell: (text: string) => void,
  atGate: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  tell('alice writes a key, and saves a snapshot; then somebody writes once more');
  await waitForEnd(stage, await startRun(stage, 'put demo /name/1 test'));
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  await stage.lab.etcdctl(['put', '/name/2', 'in no backup']);

  tell('two of the three members lose their data');
  await Promise.all(['etcd02', 'etcd03'].map((host) => stage.lab.host(host).fault('lose-data')));
  await ask(stage, 'status demo');

  tell('alice asks for the ways back, and picks the one that loses nothing');
  const run = await startRun(stage, 'recover-quorum demo');
  const choice = await waitForGate(stage, run, 'choose-way');
  await cardOf(stage, choice);
  await atGate();
  await clickWay(stage, choice, 'survivor');

  tell('bob reads what is replaced, and approves');
  await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve', people.bob);

  tell('the cluster serves again; bob keeps the old data-dirs');
  await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject', people.bob);
  const { outcome } = await waitForEnd(stage, run);
  await ask(stage, 'get demo /name/2');
  await untilReported(stage, run);
  const [first, second] = await Promise.all(['/name/1', '/name/2'].map((key) => valueOf(stage, key)));
  return outcome === 'completed' && first === 'test' && second === 'in no backup';
}
