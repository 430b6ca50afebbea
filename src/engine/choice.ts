/** Carries a run through a choice: shows the ways there are, lets a person pick one, and looks again before it counts. */
import type { Execution, StepResult } from './execution.ts';
import { doneSoFar, failureOf, goOn, linesOf } from './execution.ts';
import { differenceOfOffers, digestOfOffer, judge } from './gate.ts';
import type { Decision, Gate } from './journal.ts';
import type { GateRecord } from './replay.ts';
import type { ChooseStep, Option, Step } from './step.ts';
import { withdraw } from './withdraw.ts';

/** Ids stand in buttons, commands and journals. */
const optionId = /^[a-z][a-z0-9-]{0,59}$/;

/** Advances a choice as far as people have spoken. */
export async function ask(execution: Execution, step: ChooseStep): Promise<StepResult> {
  try {
    const latest = execution.state.gates.findLast(({ gate }) => gate.kind === 'choice' && gate.stepId === step.id);
    return await answer(execution, step, latest);
  } catch (error) {
    const failure = failureOf(error);
    // A choice that could not be looked at again is void: Retry looks and asks anew, and one gate is open at a time.
    await withdraw(execution, step, failure.because);
    return execution.fail(step, failure);
  }
}

async function answer(execution: Execution, step: ChooseStep, latest: GateRecord | undefined): Promise<StepResult> {
  if (latest === undefined || latest.outcome === 'voided') return offer(execution, step);
  const { gate } = latest;
  switch (latest.outcome) {
    case 'chosen':
      // Recorded by a worker that died before it could say which steps follow.
      return settle(execution, step, gate, latest.decisions);
    case 'expired':
    case 'aborted':
      return ended(execution, step, latest.outcome);
    default: {
      const { decisions, clock } = execution.deps;
      const said = await decisions.at(gate.gateId);
      const verdict = await judge({ gate, decisions: said, now: clock.now(), mayApprove: () => Promise.resolve(false) });
      if (verdict.state === 'pending') return { next: 'leave', advance: { state: 'waiting', gate } };
      if (verdict.state === 'chosen') return take(execution, step, gate, verdict);
      const outcome = verdict.state === 'expired' ? 'expired' : 'aborted';
      await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome, decisions: 'by' in verdict ? verdict.by : [] });
      return ended(execution, step, outcome);
    }
  }
}

/** Somebody chose: it counts when the same option is still possible; whatever else moved does not touch it. */
async function take(
  execution: Execution,
  step: ChooseStep,
  gate: Gate,
  { option: id, by }: { readonly option: string; readonly by: readonly Decision[] },
): Promise<StepResult> {
  const now = await step.offer();
  await execution.deps.commands.flush();
  const shown = optionOf(gate, id);
  const still = now.options.find((option) => option.id === id);
  if (still?.possible === true && still.title === shown.title && still.detail === shown.detail) return settle(execution, step, gate, by);
  const difference = differenceOfOffers({ facts: gate.facts, options: gate.options ?? [] }, now);
  await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions: by, difference });
  return offer(execution, step);
}

/** Makes the choice part of the journal, together with the steps that follow from it: no crash can come between the two. */
async function settle(execution: Execution, step: ChooseStep, gate: Gate, by: readonly Decision[]): Promise<StepResult> {
  const { deps, state } = execution;
  const decision = by.find(({ verdict }) => verdict === 'choose');
  const option = optionOf(gate, decision?.option);
  const before = deps.script.steps(state.prepared, state.choices);
  const after = deps.script.steps(state.prepared, { ...state.choices, [step.id]: option.id });
  assertSameUpTo(step, before, after);
  const already = state.gates.some((record) => record.gate.gateId === gate.gateId && record.outcome === 'chosen');
  if (!already) await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'chosen', decisions: by });
  await execution.record({
    type: 'step-settled',
    stepId: step.id,
    how: 'done',
    note: `Chosen${decision === undefined ? '' : ` by ${decision.by}`}: ${option.title}`,
    chosen: { option: option.id, steps: linesOf(after) },
    durationMs: 0,
  });
  return goOn;
}

async function offer(execution: Execution, step: ChooseStep): Promise<StepResult> {
  const { question, facts, options } = await step.offer();
  assertIds(options);
  await execution.deps.commands.flush();
  if (!options.some(({ possible }) => possible)) {
    const because = ['There is no way to go on now.', ...options.map(({ title, detail }) => `${title}: ${detail}`)].join('\n');
    return execution.fail(step, {
      code: 'REQUIREMENT_FAILED',
      because,
      hint: 'Correct one of the causes, then press Retry: it looks again.',
    });
  }
  return execution.wait({
    kind: 'choice',
    stepId: step.id,
    title: step.title,
    plan: [],
    facts,
    reason: question,
    options,
    digest: digestOfOffer(step.id, { question, facts, options }),
    required: 1,
  });
}

function ended(execution: Execution, step: ChooseStep, outcome: 'expired' | 'aborted'): Promise<StepResult> {
  const why = outcome === 'expired' ? 'nobody chose in time' : 'it was aborted';
  const { deps, state } = execution;
  const done = doneSoFar(state, deps.script.steps(state.prepared, state.choices));
  return execution.abandon(outcome, `“${step.title}”: ${why}. ${done}`);
}

function optionOf(gate: Gate, id: string | undefined): Option {
  const option = gate.options?.find((each) => each.id === id);
  if (option === undefined) throw new Error(`the gate ${gate.gateId} has no option ${id ?? '(none)'}`);
  return option;
}

function assertIds(options: readonly Option[]): void {
  const ids = options.map(({ id }) => id);
  if (new Set(ids).size !== ids.length || !ids.every((id) => optionId.test(id)))
    throw new Error(`the ids of options must be kebab-case and unique: ${ids.join(', ')}`);
}

/** A choice may change what follows, never what was done. */
function assertSameUpTo(step: ChooseStep, before: readonly Step[], after: readonly Step[]): void {
  const upTo = (steps: readonly Step[]) => steps.slice(0, steps.findIndex(({ id }) => id === step.id) + 1).map(({ id }) => id);
  if (upTo(before).join() !== upTo(after).join()) throw new Error(`the steps up to ${step.id} must not depend on what is chosen there`);
}
