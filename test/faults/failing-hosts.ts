/** Does something to one host of a restore, and sees that the run stops in a stated, safe state and that Retry completes it. */
import { expect } from 'vitest';
import type { RunId } from '../../src/ids.ts';
import type { FaultName } from '../lab/lab.ts';
import { buttonsOf } from '../slack/local-slack.ts';
import { cardOf, clickCard, startRun, valueOf, waitFor, waitForGate, waitForStep } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';
import type { RunView } from '../../src/engine/view.ts';
import type { Gate } from '../../src/engine/journal.ts';
import { doneTwice } from './effects.ts';
import type { Found } from './record.ts';

/** A host that hangs is given up only after its limits. */
const stopsWithinMs = 300_000;
const victim = 'etcd03';
/** The one that has its data at the beginning. */
const survivor = 'etcd01';

/** When the fault is done: before the run begins, or as soon as a step has begun. */
export const moments = ['before the run', 'hand-out', 'restore-aside', 'replace-data', 'start'] as const;
export type Moment = (typeof moments)[number];

interface HostFault {
  readonly stage: Stage;
  readonly fault: FaultName;
  readonly mend: FaultName;
  readonly moment: Moment;
}

/** Plays it. @throws when the state is not a stated one, or Retry does not complete the run */
export async function expectMended({ stage, fault, mend, moment }: HostFault): Promise<Found> {
  const host = stage.lab.host(victim);
  if (moment === 'before the run') await host.fault(fault);
  const run = await startRun(stage, 'restore demo');
  if (moment !== 'before the run') {
    if (moment === 'replace-data' || moment === 'start') await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await waitForStep(stage, run, moment);
    await host.fault(fault);
  }
  const isAtStop = ({ openGate, state }: RunView) =>
    openGate?.kind === 'failure' || openGate?.stepId === 'delete-old-data' || state === 'ended';
  const stopped = await waitFor(
    stage,
    run,
    (view) => isAtStop(view) || (view.openGate?.stepId === 'replace-data' && moment !== 'start' && moment !== 'replace-data'),
    stopsWithinMs,
  );
  const gate = stopped.openGate;
  // What was lost was not needed any more at that moment, or not yet: then the card of the approval is what comes next.
  const noticed = gate?.kind === 'failure' ? await statedAt(stage, run, gate) : undefined;
  await host.fault(mend);
  const view = await completed(stage, run);

  expect(view.outcome, view.conclusion).toBe('completed');
  expect(await valueOf(stage, '/name/1')).toBe('test');
  expect(await doneTwice(stage, run)).toEqual([]);
  return {
    outcome:
      noticed === undefined
        ? 'not noticed: the step did not need it any more; completed'
        : `stopped at ${noticed}, stated, nothing lost; mended, Retry, completed`,
  };
}

/** A card that says what is wrong where, what is done and not, how to go on by hand, with Retry and Abort; and no data is gone. Gives the step. */
async function statedAt(stage: Stage, run: RunId, gate: Gate): Promise<string> {
  const card = await cardOf(stage, gate);
  const words = JSON.stringify(card.blocks);
  expect(gate.reason).toContain(victim);
  expect(buttonsOf(card).map(({ action_id: id }) => id)).toEqual(['gate.retry', 'gate.abort']);
  expect(words).toMatch(/Done: |Nothing was changed yet/);
  expect(words).toContain(`docs/runbooks/restore.md\`, under \`${gate.stepId}`);
  const { stdout } = await stage.lab.host(survivor).exec(['ls', '-A', '/data/etcd']);
  expect(stdout.split('\n').some((name) => name === `data.${run}.old` || name === 'data')).toBe(true);
  return gate.stepId;
}

/** Answers what comes: Retry at failures, yes to the replacement, no to the deletion. */
async function completed(stage: Stage, run: RunId): Promise<RunView> {
  for (;;) {
    const view = await waitFor(stage, run, ({ openGate, state }) => openGate !== undefined || state === 'ended', stopsWithinMs);
    const gate = view.openGate;
    if (gate === undefined) return view;
    await clickCard(stage, gate, gate.kind === 'failure' ? 'retry' : gate.stepId === 'delete-old-data' ? 'reject' : 'approve');
    await waitFor(stage, run, ({ openGate, state }) => state === 'ended' || openGate?.gateId !== gate.gateId, stopsWithinMs);
  }
}
