/** Reading back a run that has been. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunId } from '../../src/ids.ts';
import { createEarlierRuns } from '../../src/queue/earlier-runs.ts';
import { bench, bob } from './bench.ts';
import type { Bench } from './bench.ts';

describe('earlier runs', () => {
  let on: Bench;
  beforeEach(async () => {
    on = await bench();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const earlier = () => createEarlierRuns({ redis: on.connections.records, queues: on.queues });

  it('says what a run was asked, what was settled, which approval it got on which facts, and how it ended', async () => {
    on.worker();
    const { runId } = await on.begin(['gate']);
    const gate = await on.gate(runId);
    expect(await earlier().recall(runId)).toMatchObject({ state: 'waiting', openGate: { gateId: gate.gateId } });
    await on.runs.decide(gate.gateId, { verdict: 'approve', by: bob });
    await on.ended(runId);

    const found = await earlier().recall(runId);

    expect(found).toMatchObject({ state: 'ended', run: { runId, procedure: 'restore', cluster: 'prod' }, choices: {} });
    expect(found).toHaveProperty('prepared');
    expect(found.gates).toMatchObject([{ outcome: 'approved', gate: { stepId: gate.stepId, facts: gate.facts } }]);
  });

  it('throws for a run that is not known', async () => {
    await expect(earlier().recall(RunId.parse('restore-prod-ffffff'))).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});
