/** A host that fails while a member is replaced: the one that is to join, or one of the two that hold the quorum. */
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endangeredReplacement, spoilThird } from './endangered.ts';
import { expectMended } from './failing-hosts.ts';
import { recorded } from './record.ts';

let stage: Stage;
const about = { area: 'hosts', procedure: 'replace-member', etcd: '3.4' } as const;

beforeAll(async () => {
  stage = await createStage({ name: 'f-joins', dataDirSizeMiB: 512 });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => spoilThird(stage));

describe.each([
  ['power off', 'power-off', 'power-on'],
  ['network cut', 'cut-network', 'restore-network'],
  ['ssh hanging for ever', 'hang-ssh', 'answer-ssh'],
  ['sudo asking for a password', 'ask-sudo', 'allow-sudo'],
  ['disk full', 'fill-disk', 'free-disk'],
] as const)('the host of the member that is to join, with %s', (what, fault, mend) => {
  it.each(['before the run', 'put-data-aside', 'configure', 'start'])(
    'at %s stops the run at a card that says all, and Retry finishes it',
    (moment) =>
      recorded({ ...about, fault: `${what}, on the host of the member that joins`, where: moment }, () =>
        expectMended(endangeredReplacement(stage), { victim: 'etcd03', fault, mend, moment }),
      ),
  );
});

describe.each([
  ['power off', 'power-off', 'power-on'],
  ['network cut', 'cut-network', 'restore-network'],
] as const)('one of the two members that stay, with its host’s %s', (what, fault, mend) => {
  it.each(['remove-member', 'put-data-aside', 'add-learner', 'start'])(
    'at %s takes the quorum with it, stops the run at a card that says all, and Retry finishes it when it is back',
    (moment) =>
      recorded({ ...about, fault: `${what}, on a host whose member the quorum needs`, where: moment }, () =>
        expectMended(endangeredReplacement(stage), { victim: 'etcd02', fault, mend, moment }),
      ),
  );
});
