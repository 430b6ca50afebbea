/** A host that is off or refuses: it is named with what to do, nothing is touched, and Retry goes on. The rest of this is in test/faults. */
import { gateCode } from '../../src/engine/gate-code.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { loseQuorum } from '../faults/ground.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-hosts' });
  await stage.start();
});
afterAll(() => stage?.down());
beforeEach(() => loseQuorum(stage));

describe('a host that', () => {
  it.each([
    ['is off', 'etcd03', 'power-off', 'power-on', /etcd03/],
    ['refuses ssh', 'etcd02', 'refuse-ssh', 'answer-ssh', /etcd02.*(?:refuse|ssh)/],
    ['refuses sudo', 'etcd02', 'refuse-sudo', 'allow-sudo', /etcd02.*sudo/],
  ] as const)('%s is named with what to do before anything is touched, and Retry goes on', async (_what, host, break_, mend, said) => {
    await stage.lab.host(host).fault(break_);
    const run = await startRun(stage, 'restore demo');

    const gate = await waitForGate(stage, run, 'preflight');

    expect(gate.reason).toMatch(said);
    await stage.lab.host(host).fault(mend);
    await clickCard(stage, gate, 'retry');
    const { gateId } = await waitForGate(stage, run, 'replace-data');
    await say(stage, `abort ${run} ${gateCode(gateId)}`);
    await waitForEnd(stage, run);
  });
});
