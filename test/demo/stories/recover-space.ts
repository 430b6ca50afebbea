/** A database outgrows its quota, writes are refused, and the space is recovered without losing a present value. */
import { cardOf, clickCard, startRun, waitForEnd, waitForGate } from '../../stage/acting.ts';
import { people } from '../../stage/stage.ts';
import { fill, setQuota } from '../../stage/quota.ts';
import type { Stage } from '../../stage/stage.ts';
import { ask, untilReported } from './asking.ts';

/** Small, so that it is full within seconds; etcd's own default is 2 GB. */
const quotaBytes = 16 * 1024 * 1024;

/** Plays it: gives whether a write works again and every value is there. */
export async function playRecoverSpace(
  stage: Stage,
  tell: (text: string) => void,
  atGate: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  tell(`the members get a quota of ${quotaBytes / 1024 / 1024} MiB; alice writes a key`);
  await setQuota(stage, quotaBytes);
  await waitForEnd(stage, await startRun(stage, 'put demo /name/1 test'));

  tell('an application writes one key again and again, until etcd refuses every write');
  await fill(stage);
  await ask(stage, 'status demo');

  tell('alice asks for the space back');
  const run = await startRun(stage, 'recover-space demo');
  const gate = await waitForGate(stage, run, 'compact');
  await cardOf(stage, gate);
  await atGate();
  tell('bob reads the card, and approves');
  await clickCard(stage, gate, 'approve', people.bob);
  const { outcome } = await waitForEnd(stage, run);

  tell('writes work again');
  await waitForEnd(stage, await startRun(stage, 'put demo /name/2 again'));
  await ask(stage, 'status demo');
  await untilReported(stage, run);
  const { stdout } = await stage.lab.etcdctl(['get', '/name', '--prefix', '--print-value-only']);
  return outcome === 'completed' && stdout.trim() === 'test\nagain';
}
