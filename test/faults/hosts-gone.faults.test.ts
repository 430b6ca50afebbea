/** A host that loses its power or its network at each step of a restore: the run stops in a stated, safe state, and Retry goes on when it is back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitFor, waitForEnd, waitForGate } from '../stage/acting.ts';
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
  stage = await createStage({ name: 'f-gone' });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => loseQuorum(stage));

describe.each([
  ['power off', 'power-off', 'power-on'],
  ['network cut', 'cut-network', 'restore-network'],
] as const)('a host with its %s', (what, fault, mend) => {
  it.each(moments)('at %s stops the run at a card that says all, and Retry finishes it', (moment) =>
    recorded({ ...about, fault: what, where: moment }, () =>
      expectMended(endangeredRestore(stage), { victim: 'etcd03', fault, mend, moment }),
    ),
  );
});

describe('a host that goes off between the card and the click', () => {
  it('voids the approval, and Retry asks for a new one', () =>
    recorded({ ...about, fault: 'power off', where: 'between the card and the click' }, async () => {
      const run = await startRun(stage, 'restore demo');
      const gate = await waitForGate(stage, run, 'replace-data');
      await stage.lab.host('etcd03').fault('power-off');
      await clickCard(stage, gate, 'approve');

      const failed = await waitFor(stage, run, ({ openGate }) => openGate?.kind === 'failure');
      await stage.lab.host('etcd03').fault('power-on');
      if (failed.openGate !== undefined) await clickCard(stage, failed.openGate, 'retry');
      // The failure is a gate of the same step, open until a worker has read the click.
      const { openGate: anew } = await waitFor(stage, run, ({ openGate, state }) => openGate?.kind === 'approval' || state === 'ended');
      if (anew !== undefined) await clickCard(stage, anew, 'approve');
      await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
      const view = await waitForEnd(stage, run);

      expect(failed.openGate?.reason).toContain('etcd03');
      expect(failed.gates.find((one) => one.gate.gateId === gate.gateId)).toMatchObject({ outcome: 'voided' });
      expect(view.outcome).toBe('completed');
      expect(await valueOf(stage, '/name/1')).toBe('test');
      return { outcome: 'the approval is void; Retry asked for a new one, and the run completed' };
    }));
});
