/** One of three members loses its disk while the cluster serves; it is replaced, and every value is on the new one. */
import { cardOf, clickCard, startRun, waitForEnd, waitForGate } from '../../stage/acting.ts';
import { people } from '../../stage/stage.ts';
import type { Stage } from '../../stage/stage.ts';
import { ask, untilReported } from './asking.ts';

/** Plays it: gives whether the member votes again and holds what was written before and meanwhile. */
export async function playReplaceMember(
  stage: Stage,
  tell: (text: string) => void,
  atGate: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  const third = stage.lab.host('etcd03');
  tell('alice writes a key; then the data of etcd03 is spoiled, and etcd does not start on it any more');
  await waitForEnd(stage, await startRun(stage, 'put demo /name/1 test'));
  await third.fault('corrupt-data');
  await third.exec(['systemctl', 'start', 'etcd'], { reject: false });
  await ask(stage, 'status demo');

  tell('alice asks for a replacement; bob reads the card, and approves the removal');
  const run = await startRun(stage, 'replace-member demo etcd03');
  const removal = await waitForGate(stage, run, 'remove-member');
  await cardOf(stage, removal);
  await atGate();
  await clickCard(stage, removal, 'approve', people.bob);

  tell('writes go on meanwhile; bob has the spoiled data put aside');
  const aside = await waitForGate(stage, run, 'put-data-aside');
  await stage.lab.etcdctl(['put', '/name/2', 'meanwhile'], { endpoints: [stage.lab.host('etcd01').clientUrl] });
  await clickCard(stage, aside, 'approve', people.bob);

  tell('etcd03 joined as a learner, caught up and votes; bob has the old data deleted');
  await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'approve', people.bob);
  const { outcome } = await waitForEnd(stage, run);
  await ask(stage, 'status demo');
  await untilReported(stage, run);
  const { stdout } = await stage.lab.etcdctl(['get', '/name', '--prefix', '--print-value-only', '--consistency=s'], {
    endpoints: [third.clientUrl],
  });
  return outcome === 'completed' && stdout.trim() === 'test\nmeanwhile';
}
