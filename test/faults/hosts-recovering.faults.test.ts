/** A host that fails while the quorum is recovered from a survivor: one that gets the data, or the survivor itself. */
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endangeredRecovery, leaveOne } from './endangered.ts';
import { expectMended } from './failing-hosts.ts';
import { recorded } from './record.ts';

let stage: Stage;
const about = { area: 'hosts', procedure: 'recover-quorum', etcd: '3.4' } as const;

beforeAll(async () => {
  stage = await createStage({ name: 'f-rescue', dataDirSizeMiB: 512 });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => leaveOne(stage));

describe.each([
  ['power off', 'power-off', 'power-on'],
  ['network cut', 'cut-network', 'restore-network'],
  ['ssh hanging for ever', 'hang-ssh', 'answer-ssh'],
  ['sudo asking for a password', 'ask-sudo', 'allow-sudo'],
  ['disk full', 'fill-disk', 'free-disk'],
] as const)('a host that gets the survivor’s data, with %s', (what, fault, mend) => {
  it.each(['hand-out', 'restore-aside', 'replace-data', 'start'])(
    'at %s stops the run at a card that says all, and Retry finishes it',
    (moment) =>
      recorded({ ...about, fault: `${what}, on a host that gets the data`, where: moment }, () =>
        expectMended(endangeredRecovery(stage), { victim: 'etcd03', fault, mend, moment }),
      ),
  );
});

describe.each([
  ['power off', 'power-off', 'power-on'],
  ['network cut', 'cut-network', 'restore-network'],
] as const)('the host of the survivor, with its %s', (what, fault, mend) => {
  it.each(['save-survivor', 'hand-out', 'replace-data', 'start'])(
    'at %s stops the run at a card that says all, and Retry finishes it',
    (moment) =>
      recorded({ ...about, fault: `${what}, on the survivor’s host`, where: moment }, () =>
        expectMended(endangeredRecovery(stage), { victim: 'etcd01', fault, mend, moment }),
      ),
  );
});
