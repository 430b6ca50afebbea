/** Carries a destructive step through its gate: opens it, judges what was said, asks again before acting. */
import { alreadyTrue, destroyWith } from './act.ts';
import type { Execution, StepResult } from './execution.ts';
import { failureOf, goOn } from './execution.ts';
import { approvalOf, differenceOf, digestOf, judge } from './gate.ts';
import type { Covered, Verdict } from './gate.ts';
import type { Decision } from './journal.ts';
import type { GateRecord } from './replay.ts';
import type { DestroyStep } from './step.ts';

/** Advances a destructive step as far as people have allowed. */
export async function pass(execution: Execution, step: DestroyStep): Promise<StepResult> {
  const start = execution.deps.clock.now();
  try {
    const cut = execution.state.inDoubt.get(step.id);
    const before = await alreadyTrue(execution, step);
    if (before.holds) {
      await withdraw(execution, step, 'what it would do has happened already');
      const note = before.note === undefined ? {} : { note: before.note };
      await execution.record({
        type: 'step-settled',
        stepId: step.id,
        how: cut === undefined ? 'already-true' : 'done',
        durationMs: execution.since(start),
        ...note,
      });
      return goOn;
    }
    if (cut !== undefined) return await finishCut(execution, step, cut.gateId);
    return await decide(execution, step);
  } catch (error) {
    const failure = failureOf(error);
    // An approval that could not be acted on is void: Retry looks again and asks anew, and one gate is open at a time.
    await withdraw(execution, step, failure.because);
    return execution.fail(step, failure);
  }
}

/** A worker died in the middle: the same approval still covers the same step, if what it requires still holds. */
async function finishCut(execution: Execution, step: DestroyStep, gateId: string | undefined): Promise<StepResult> {
  const record = execution.state.gates.find(({ gate }) => gate.gateId === gateId);
  if (record?.outcome !== 'approved')
    return execution.fail(step, {
      code: 'JOURNAL_INVALID',
      because: 'The step had begun, but no approval for it is recorded.',
      hint: 'Look at the hosts by hand, then press Retry: it asks for a new approval.',
    });
  const required = await step.requires();
  if (!required.holds) return execution.fail(step, requirementFailure(required.because));
  return destroyWith(execution, step, approvalOf(record.gate, record.decisions));
}

async function decide(execution: Execution, step: DestroyStep): Promise<StepResult> {
  const latest = execution.state.gates.findLast(({ gate }) => gate.kind === 'approval' && gate.stepId === step.id);
  if (latest === undefined || latest.consumed || latest.outcome === 'voided') return openGate(execution, step);
  switch (latest.outcome) {
    case 'approved':
      return actOn(execution, step, latest, latest.decisions);
    case 'rejected':
    case 'expired':
    case 'aborted':
      // The "no" was recorded by a worker that died before it could end the run.
      return refused(execution, step, latest.outcome);
    default: {
      const verdict = await judgeNow(execution, latest);
      if (verdict.state === 'pending') return { next: 'leave', advance: { state: 'waiting', gate: latest.gate } };
      if (verdict.state === 'approved') return actOn(execution, step, latest, verdict.by);
      const outcome = verdict.state === 'retried' ? 'rejected' : verdict.state;
      const decisions = 'by' in verdict ? verdict.by : [];
      await execution.record({ type: 'gate-settled', gateId: latest.gate.gateId, outcome, decisions });
      return refused(execution, step, outcome);
    }
  }
}

async function judgeNow(execution: Execution, { gate }: GateRecord): Promise<Verdict> {
  const { decisions, clock, rules, run } = execution.deps;
  return judge({ gate, decisions: await decisions.at(gate.gateId), now: clock.now(), mayApprove: (by) => rules.mayApprove(by, run, gate) });
}

/** Approved: reads the world again; only if plan and facts are those that were approved does it act. */
async function actOn(execution: Execution, step: DestroyStep, record: GateRecord, by: readonly Decision[]): Promise<StepResult> {
  const { gate } = record;
  const required = await step.requires();
  const covered = await coveredBy(step);
  if (!required.holds || digestOf(covered) !== gate.digest) {
    const difference = required.holds ? differenceOf(gate, covered) : required.because;
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions: by, difference });
    return required.holds ? openGate(execution, step) : execution.fail(step, requirementFailure(required.because));
  }
  if (record.outcome === undefined)
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'approved', decisions: by });
  return destroyWith(execution, step, approvalOf(gate, by));
}

async function refused(execution: Execution, step: DestroyStep, outcome: 'rejected' | 'expired' | 'aborted'): Promise<StepResult> {
  if (step.otherwise !== undefined && outcome !== 'aborted') {
    await execution.record({ type: 'step-settled', stepId: step.id, how: 'declined', note: step.otherwise, durationMs: 0 });
    return goOn;
  }
  const why = { rejected: 'was rejected', expired: 'was not approved in time', aborted: 'was aborted' }[outcome];
  return execution.abandon(outcome, `“${step.title}” ${why}. It was not done.`);
}

async function openGate(execution: Execution, step: DestroyStep): Promise<StepResult> {
  const required = await step.requires();
  if (!required.holds) return execution.fail(step, requirementFailure(required.because));
  const covered = await coveredBy(step);
  await execution.deps.commands.flush();
  const people = execution.deps.rules.required[step.blastRadius];
  return execution.wait({
    kind: 'approval',
    stepId: step.id,
    title: step.title,
    plan: covered.plan,
    facts: covered.facts,
    reason: step.loses,
    digest: digestOf(covered),
    // With nobody needed, the gate's expiry would find enough approvals: silence must never be a yes.
    required: Math.max(1, people),
    ...(step.otherwise !== undefined && { otherwise: step.otherwise }),
  });
}

/** Voids the gate that is open for a step; what was said at it is read first, because a gate is not settled past an unread word. */
async function withdraw(execution: Execution, step: DestroyStep, difference: string): Promise<void> {
  for (const { gate, outcome } of execution.state.gates) {
    if (gate.stepId !== step.id || gate.kind !== 'approval' || outcome !== undefined) continue;
    const decisions = await execution.deps.decisions.at(gate.gateId);
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions, difference });
  }
}

async function coveredBy(step: DestroyStep): Promise<Covered> {
  return { stepId: step.id, plan: await step.plan(), facts: await step.facts(), loses: step.loses };
}

function requirementFailure(because: string) {
  return { code: 'REQUIREMENT_FAILED', because, hint: 'Nothing was destroyed. Correct the cause, then press Retry.' };
}
