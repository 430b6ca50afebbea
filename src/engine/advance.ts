/** Advances a run from wherever its journal says it stands, until it ends, waits for a person, or must be let go. */
import { look, make } from './act.ts';
import type { AdvanceDeps, StepResult } from './execution.ts';
import { ask } from './choice.ts';
import { Execution, doneSoFar, failureOf, goOn, linesOf } from './execution.ts';
import { attested, destroyed } from './guarded.ts';
import { judge } from './gate.ts';
import { preview } from './preview.ts';
import { openGateOf } from './replay.ts';
import type { Advance } from './ports.ts';
import type { Step } from './step.ts';

/**
 * Advances one run. Safe to call again at any moment and on any worker: what is settled is skipped, the one step in
 * doubt is looked at first, and nothing past a closed gate happens.
 * @throws what the journal throws: a run that cannot be recorded is not carried on
 */
export async function advance(deps: AdvanceDeps): Promise<Advance> {
  const execution = await Execution.open(deps);
  if (execution.state.ended !== undefined) return { state: 'ended', outcome: execution.state.ended };
  const first = await begin(execution);
  if (first.next === 'leave') return first.advance;
  const { state } = execution;
  let steps = deps.script.steps(state.prepared, state.choices);
  if (deps.run.mode === 'plan') return leave(await preview(execution, steps));
  for (let step = nextOf(execution, steps); step !== undefined; step = nextOf(execution, steps)) {
    const between = await betweenSteps(execution, steps);
    if (between.next === 'leave') return between.advance;
    attachCommands(execution, step);
    const result = await carryOut(execution, step);
    await deps.commands.flush();
    if (result.next === 'leave') return result.advance;
    if (step.kind === 'choose') steps = deps.script.steps(state.prepared, state.choices);
  }
  return leave(await execution.end('completed', await conclusionOf(execution)));
}

function nextOf({ state }: Execution, steps: readonly Step[]): Step | undefined {
  return steps.find(({ id }) => !state.settled.has(id));
}

function leave(result: StepResult): Advance {
  if (result.next === 'leave') return result.advance;
  throw new Error('the end of a run must leave the loop');
}

/** Settles once what must not move later; when that cannot be done nothing was changed, so the run simply ends. */
async function begin(execution: Execution): Promise<StepResult> {
  const { script, commands } = execution.deps;
  if (execution.state.isPrepared) return goOn;
  commands.attach(() => Promise.resolve());
  try {
    const { prepared, summary } = await script.prepare();
    const steps = linesOf(script.steps(prepared, execution.state.choices));
    await execution.record({ type: 'run-prepared', prepared, steps, summary });
    return goOn;
  } catch (error) {
    const failure = failureOf(error);
    return execution.end('failed', `${failure.because} ${failure.hint} Nothing was changed.`);
  }
}

async function betweenSteps(execution: Execution, steps: readonly Step[]): Promise<StepResult> {
  const { deps, state } = execution;
  if (deps.signal.aborted) return { next: 'leave', advance: { state: 'let-go' } };
  const open = openGateOf(state);
  const abort = await deps.abortRequested();
  if (abort !== undefined) {
    if (open !== undefined)
      await execution.record({ type: 'gate-settled', gateId: open.gate.gateId, outcome: 'aborted', decisions: [abort] });
    return execution.abandon('aborted', abortSummary(execution, steps));
  }
  // An end that was recorded by a worker that died before it could carry it out.
  const over = state.gates.find(({ gate, outcome }) => gate.kind === 'failure' && (outcome === 'aborted' || outcome === 'expired'));
  if (over !== undefined) return execution.abandon(over.outcome === 'expired' ? 'expired' : 'aborted', abortSummary(execution, steps));
  if (open?.gate.kind === 'failure') return settleFailureGate(execution, steps);
  return goOn;
}

async function settleFailureGate(execution: Execution, steps: readonly Step[]): Promise<StepResult> {
  const { deps, state } = execution;
  const open = openGateOf(state);
  if (open === undefined) return goOn;
  const { gate } = open;
  const said = await deps.decisions.at(gate.gateId);
  const verdict = await judge({ gate, decisions: said, now: deps.clock.now(), mayApprove: () => Promise.resolve(false) });
  switch (verdict.state) {
    case 'pending':
      return { next: 'leave', advance: { state: 'waiting', gate } };
    case 'retried':
      await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'retried', decisions: verdict.by });
      return goOn;
    default: {
      const outcome = verdict.state === 'expired' ? 'expired' : 'aborted';
      await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome, decisions: 'by' in verdict ? verdict.by : [] });
      return execution.abandon(outcome, abortSummary(execution, steps));
    }
  }
}

function attachCommands({ deps }: Execution, step: Step): void {
  deps.commands.attach((command) => deps.journal.append({ type: 'command', stepId: step.id, command }));
}

function carryOut(execution: Execution, step: Step): Promise<StepResult> {
  switch (step.kind) {
    case 'check':
      return look(execution, step);
    case 'change':
      return make(execution, step);
    case 'destroy':
      return destroyed(execution, step);
    case 'choose':
      return ask(execution, step);
    case 'attest':
      return attested(execution, step);
  }
}

/** Says what was done and what was not, so that a person can go on by hand. */
function abortSummary({ state }: Execution, steps: readonly Step[]): string {
  const open = steps.filter((step) => !state.settled.has(step.id)).map((step) => step.id);
  return `${doneSoFar(state, steps)} Not done: ${open.join(', ')}.`;
}

async function conclusionOf({ deps, state }: Execution): Promise<string> {
  try {
    return await deps.script.conclude(state.prepared, state.choices);
  } catch (error) {
    return `All steps are done; the closing report could not be made: ${failureOf(error).because}`;
  }
}
