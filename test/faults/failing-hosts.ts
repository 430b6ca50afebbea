/** Does something to one host of a run, and sees that the run stops in a stated, safe state and that Retry completes it. */
import { expect } from 'vitest';
import { clickWay } from '../demo/stories/recover-quorum.ts';
import type { RunId } from '../../src/ids.ts';
import type { FaultName } from '../lab/lab.ts';
import { buttonsOf } from '../slack/local-slack.ts';
import { cardOf, clickCard, startRun, waitFor } from '../stage/acting.ts';
import type { Stage } from '../stage/stage.ts';
import type { RunView } from '../../src/engine/view.ts';
import type { Gate } from '../../src/engine/journal.ts';
import { doneTwice } from './effects.ts';
import type { Found } from './record.ts';

/** A host that hangs is given up only after its limits. */
const stopsWithinMs = 300_000;
/** The last question of each of these procedures, answered with no: the old data stays. */
const lastQuestion = 'delete-old-data';

/** A procedure whose hosts fail, and what must hold whatever happens to one of them. */
export interface Endangered {
  readonly stage: Stage;
  readonly procedure: string;
  readonly words: string;
  /** The way that is picked where the run offers several. */
  readonly way?: 'survivor';
  /** Fails while the run is stopped when something is gone that was the last of its kind. */
  readonly safe: (run: RunId) => Promise<void>;
  /** Fails when the run has not brought what it was for. */
  readonly proof: (run: RunId) => Promise<void>;
}

/** What is done to which host, and undone. */
export interface HostFault {
  readonly victim: string;
  readonly fault: FaultName;
  readonly mend: FaultName;
  /** `before the run`, or a step: as soon as it has begun. */
  readonly moment: string;
}

/** Plays it. @throws when the state is not a stated one, or Retry does not complete the run */
export async function expectMended(of: Endangered, { victim, fault, mend, moment }: HostFault): Promise<Found> {
  const { stage } = of;
  const host = stage.lab.host(victim);
  if (moment === 'before the run') await host.fault(fault);
  const run = await startRun(stage, of.words);
  if (moment !== 'before the run') {
    const { state, conclusion } = await answered(of, run, async () => hasBegun(stage, run, moment));
    expect(state, `${moment} never began: ${conclusion}`).not.toBe('ended');
    await host.fault(fault);
  }
  const stopped = await answered(of, run, async ({ openGate }) => openGate?.kind === 'failure' || openGate?.stepId === lastQuestion);
  const gate = stopped.openGate;
  // What was lost was not needed any more at that moment.
  const noticed = gate?.kind === 'failure' ? await statedAt(of, run, gate, victim) : undefined;
  await host.fault(mend);
  const view = await answered(of, run, async () => false);

  expect(view.outcome, view.conclusion).toBe('completed');
  await of.proof(run);
  expect(await repeatedWithoutNeed(stage, run)).toEqual([]);
  return {
    outcome:
      noticed === undefined
        ? 'not noticed: the step did not need it any more; completed'
        : `stopped at ${noticed}, stated, nothing lost; mended, Retry, completed`,
  };
}

/** What was done twice on a host, but for a restore that failed there: Retry does it anew, into a directory that was emptied before. */
async function repeatedWithoutNeed(stage: Stage, run: RunId): Promise<string[]> {
  const failed = (await stage.runs.journal(run)).flatMap((entry) =>
    entry.type === 'command' && entry.command.exitCode !== 0 ? [`${entry.command.on} ${entry.command.argv.join(' ')}`] : [],
  );
  return (await doneTwice(stage, run)).filter((line) => {
    const [, on = '', restore = ''] = /^2 × (\S+)\$ \S*\/(etcd(?:ctl|utl) snapshot restore .*\.new\.part\/.*)$/.exec(line) ?? [];
    return restore === '' || !failed.some((command) => command.startsWith(`${on} `) && command.endsWith(restore));
  });
}

/** A card that says what is wrong where, what is done and not, how to go on by hand, with Retry and Abort; and no data is gone. Gives the step. */
async function statedAt({ stage, procedure, safe }: Endangered, run: RunId, gate: Gate, victim: string): Promise<string> {
  const card = await cardOf(stage, gate);
  const words = JSON.stringify(card.blocks);
  expect(gate.reason).toContain(victim);
  expect(buttonsOf(card).map(({ action_id: id }) => id)).toEqual(['gate.retry', 'gate.abort']);
  expect(words).toMatch(/Done: |Nothing was changed yet/);
  expect(words).toContain(`docs/runbooks/${procedure}.md\`, under \`${gate.stepId}`);
  await safe(run);
  return gate.stepId;
}

/** Answers what comes until it is as wished, or the run has ended. */
async function answered(of: Endangered, run: RunId, wished: (view: RunView) => Promise<boolean>): Promise<RunView> {
  const { stage } = of;
  for (;;) {
    let reached = false;
    const view = await waitFor(
      stage,
      run,
      async (now) => {
        reached = await wished(now);
        return reached || now.openGate !== undefined || now.state === 'ended';
      },
      stopsWithinMs,
    );
    const gate = view.openGate;
    if (reached || gate === undefined) return view;
    await answer(of, gate);
    await waitFor(stage, run, ({ openGate, state }) => state === 'ended' || openGate?.gateId !== gate.gateId, stopsWithinMs);
  }
}

/** Retry at a failure, the way that was to be picked, yes to what is asked, no to the deletion. */
export async function answer({ stage, way }: Endangered, gate: Gate): Promise<void> {
  if (gate.kind === 'choice') {
    if (way === undefined) throw new Error(`The run offers several ways at ${gate.stepId}, and none was to be picked.`);
    return clickWay(stage, gate, way);
  }
  await clickCard(stage, gate, gate.kind === 'failure' ? 'retry' : gate.stepId === lastQuestion ? 'reject' : 'approve');
}

async function hasBegun(stage: Stage, run: RunId, stepId: string): Promise<boolean> {
  return (await stage.runs.journal(run)).some((entry) => entry.type === 'step-started' && entry.stepId === stepId);
}
