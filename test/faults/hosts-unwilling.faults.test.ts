/** A host that is there and does not do what it is told, at each step of a restore: ssh hangs, sudo asks for a password, the disk is full, the clock is off. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { endangeredRestore } from './endangered.ts';
import { expectMended } from './failing-hosts.ts';
import { loseQuorum } from './ground.ts';
import { recorded } from './record.ts';

let stage: Stage;
const about = { area: 'hosts', procedure: 'restore', etcd: '3.4' } as const;
const moments = ['before the run', 'hand-out', 'restore-aside', 'replace-data', 'start'] as const;

beforeAll(async () => {
  stage = await createStage({ name: 'f-unwill', dataDirSizeMiB: 512 });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => loseQuorum(stage));

describe.each([
  ['ssh hanging for ever', 'hang-ssh', 'answer-ssh'],
  ['sudo asking for a password', 'ask-sudo', 'allow-sudo'],
  ['disk full', 'fill-disk', 'free-disk'],
] as const)('a host with %s', (what, fault, mend) => {
  it.each(moments)('at %s stops the run at a card that says all, and Retry finishes it', (moment) =>
    recorded({ ...about, fault: what, where: moment }, () =>
      expectMended(endangeredRestore(stage), { victim: 'etcd03', fault, mend, moment }),
    ),
  );
});

describe('a host whose clock is off', () => {
  it('is named with by how much, and the restore, which needs no clock, goes on', () =>
    recorded({ ...about, fault: 'clock off by 90 minutes', where: 'before the run' }, async () => {
      await stage.lab.host('etcd03').fault('clock-off');
      const run = await startRun(stage, 'restore demo');
      await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      expect(view.outcome, view.conclusion).toBe('completed');
      expect(view.steps.find(({ id }) => id === 'preflight')?.note).toMatch(/etcd03 is ready.*Its clock is 5[34]\d\d\.\d s off/);
      return { outcome: 'said in the thread, host by host; completed' };
    }));
});
