/** A host that fails at each step of a restore: the run stops in a stated, safe state, and Retry goes on when the host is back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, startRun, valueOf, waitFor, waitForEnd, waitForGate, waitForStep } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-hosts' });
  await stage.start();
});
afterAll(() => stage.down());
beforeEach(async () => {
  await stage.lab.resetCluster();
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
  await waitForEnd(stage, await startRun(stage, 'backup demo'));
  for (const host of ['etcd02', 'etcd03']) await stage.lab.host(host).fault('lose-data');
});

async function finish(run: Awaited<ReturnType<typeof startRun>>): Promise<void> {
  for (;;) {
    const view = await waitFor(stage, run, ({ openGate, state }) => openGate !== undefined || state === 'ended');
    if (view.state === 'ended') break;
    const gate = view.openGate;
    if (gate === undefined) continue;
    await clickCard(stage, gate, gate.kind === 'failure' ? 'retry' : gate.stepId === 'delete-old-data' ? 'reject' : 'approve');
    await waitFor(stage, run, ({ openGate, state }) => state === 'ended' || openGate?.gateId !== gate.gateId);
  }
}

describe('a host that is powered off', () => {
  it('before the restore begins is named, and nothing is touched', async () => {
    await stage.lab.host('etcd03').fault('power-off');
    const run = await startRun(stage, 'restore demo');

    const gate = await waitForGate(stage, run, 'preflight');

    expect(gate.reason).toMatch(/etcd03/);
    await stage.lab.host('etcd03').fault('power-on');
    await clickCard(stage, gate, 'retry');
    await finish(run);
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });

  it.each(['hand-out', 'restore-aside', 'replace-data', 'configure', 'start'])(
    'during %s stops the run at a card, and Retry finishes it',
    async (stepId) => {
      const run = await startRun(stage, 'restore demo');
      if (!['hand-out', 'restore-aside'].includes(stepId)) await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
      await waitForStep(stage, run, stepId);
      await stage.lab.host('etcd03').fault('power-off');

      const failed = await waitFor(
        stage,
        run,
        ({ openGate, state }) => openGate?.kind === 'failure' || openGate?.stepId === 'delete-old-data' || state === 'ended',
        300_000,
      );
      await stage.lab.host('etcd03').fault('power-on');
      await finish(run);

      // The host may have done its part just before it went off; then the next step that needs it says so.
      expect(failed.openGate?.kind).toBe('failure');
      expect(failed.openGate?.reason).toContain('etcd03');
      expect((await stage.runs.view(run)).outcome).toBe('completed');
      expect(await valueOf(stage, '/name/1')).toBe('test');
    },
    420_000,
  );
});

describe('a host that goes off between the card and the click', () => {
  it('voids the approval, and Retry asks for a new one', async () => {
    const run = await startRun(stage, 'restore demo');
    const gate = await waitForGate(stage, run, 'replace-data');
    await stage.lab.host('etcd03').fault('power-off');
    await clickCard(stage, gate, 'approve');

    const failed = await waitFor(stage, run, ({ openGate }) => openGate?.kind === 'failure');
    await stage.lab.host('etcd03').fault('power-on');
    await finish(run);

    expect(failed.openGate?.reason).toContain('etcd03');
    expect(failed.gates.find((one) => one.gate.gateId === gate.gateId)).toMatchObject({ outcome: 'voided' });
    expect((await stage.runs.view(run)).outcome).toBe('completed');
    expect(await valueOf(stage, '/name/1')).toBe('test');
  });
});

describe('a host that refuses', () => {
  it.each([
    ['ssh', 'refuse-ssh', 'answer-ssh', /etcd02.*(?:refuse|ssh)/],
    ['sudo', 'refuse-sudo', 'allow-sudo', /etcd02.*sudo/],
  ] as const)('%s is named with what to do, and Retry goes on', async (_what, break_, mend, said) => {
    await stage.lab.host('etcd02').fault(break_);
    const run = await startRun(stage, 'restore demo');

    const gate = await waitForGate(stage, run, 'preflight');

    expect(gate.reason).toMatch(said);
    await stage.lab.host('etcd02').fault(mend);
    await clickCard(stage, gate, 'retry');
    await waitForGate(stage, run, 'replace-data');
    await stage.runs.abort(run, (await stage.runs.view(run)).run.requester.user);
    await waitForEnd(stage, run);
  });
});
