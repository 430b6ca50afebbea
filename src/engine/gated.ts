/** Carries a step through its approval: opens the gate, judges what was said, asks again before it counts. */
import { announce } from './announce.ts';
import type { Approval } from './approval.ts';
import type { Execution, StepResult } from './execution.ts';
import { failureOf, goOn } from './execution.ts';
import type { Finding } from './finding.ts';
import { approvalOf, differenceOf, digestOf, judge } from './gate.ts';
import type { Covered, Verdict } from './gate.ts';
import type { Decision, Gate } from './journal.ts';
import type { GateRecord } from './replay.ts';
import type { AttestStep, DestroyStep } from './step.ts';
import { withdraw } from './withdraw.ts';

/** A look that is older than this says nothing of now: who may approve is asked of Slack in between, which may take long. */
const lookHoldsMs = 250;

/** What the two kinds of steps behind an approval differ in. */
export interface Guarded {
  readonly step: DestroyStep | AttestStep;
  readonly blastRadius: DestroyStep['blastRadius'];
  /** When set, a "no" settles the step as declined with this text. */
  readonly otherwise?: string;
  /** When it holds, nobody need be asked any more. */
  already(): Promise<Finding>;
  /** Asked before the gate is opened, and again after the approval. */
  requires(): Promise<Finding>;
  covered(): Promise<Covered>;
  /** What the card says beside the plan and the facts. @param because why `already` does not hold */
  card(because: string): Pick<Gate, 'reason' | 'attests' | 'otherwise'>;
  /** Approved, and what was approved is what is: carries it out. */
  act(approval: Approval, plan: Covered['plan']): Promise<StepResult>;
  /** What a "no" means, in a sentence for the final report. */
  readonly notDone: string;
}

/** Advances a step as far as people have allowed. */
export async function pass(execution: Execution, guarded: Guarded): Promise<StepResult> {
  const { step } = guarded;
  const start = execution.deps.clock.now();
  try {
    const cut = execution.state.inDoubt.get(step.id);
    // Where a gate is to be opened, or somebody has approved, all of it is looked at in one moment; else only whether a gate is needed still.
    const needsAll = cut === undefined && (await opensOrActs(execution, latestGate(execution, step.id)));
    const [before, seen] = await bothOf(guarded.already(), needsAll ? lookAgain(execution, guarded) : undefined);
    await execution.deps.commands.flush();
    if (before.holds) {
      await withdraw(
        execution,
        step,
        step.kind === 'attest' ? 'nothing need be attested any more' : 'what it would do has happened already',
      );
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
    if (cut !== undefined) return await finishCut(execution, guarded, cut.gateId);
    return await decide(execution, guarded, before.because, await seen);
  } catch (error) {
    const failure = failureOf(error);
    // An approval that could not be acted on is void: Retry looks again and asks anew, and one gate is open at a time.
    await withdraw(execution, step, failure.because);
    return execution.fail(step, failure);
  }
}

/** A worker died in the middle: the same approval still covers the same step, if what it requires still holds. */
async function finishCut(execution: Execution, guarded: Guarded, gateId: string | undefined): Promise<StepResult> {
  const record = execution.state.gates.find(({ gate }) => gate.gateId === gateId);
  if (record?.outcome !== 'approved')
    return execution.fail(guarded.step, {
      code: 'JOURNAL_INVALID',
      because: 'The step had begun, but no approval for it is recorded.',
      hint: 'Look at the hosts by hand, then press Retry: it asks for a new approval.',
    });
  const required = await guarded.requires();
  if (!required.holds) return execution.fail(guarded.step, requirementFailure(required.because));
  return guarded.act(approvalOf(record.gate, record.decisions), record.gate.plan);
}

function latestGate(execution: Execution, stepId: string): GateRecord | undefined {
  return execution.state.gates.findLast(({ gate }) => gate.kind === 'approval' && gate.stepId === stepId);
}

/** None was opened, or what was said at the last one counts no more. */
function needsGate(latest: GateRecord | undefined): boolean {
  return latest === undefined || latest.consumed || latest.outcome === 'voided';
}

/** What has been said is judged after the look; only whether one is worth it is asked here. */
async function opensOrActs({ deps: { decisions } }: Execution, latest: GateRecord | undefined): Promise<boolean> {
  if (latest === undefined || needsGate(latest) || latest.outcome === 'approved') return true;
  return latest.outcome === undefined && (await decisions.at(latest.gate.gateId)).some(({ verdict }) => verdict === 'approve');
}

async function decide(execution: Execution, guarded: Guarded, because: string, seen: Look | undefined): Promise<StepResult> {
  const latest = latestGate(execution, guarded.step.id);
  if (latest === undefined || needsGate(latest)) return openGate(execution, guarded, because, seen);
  switch (latest.outcome) {
    case 'approved':
      return actOnRecorded(execution, guarded, { record: latest, because, seen });
    case 'rejected':
    case 'expired':
    case 'aborted':
      // The "no" was recorded by a worker that died before it could end the run.
      return refused(execution, guarded, latest.outcome);
    default: {
      const said = await execution.deps.decisions.at(latest.gate.gateId);
      await announce(execution, latest, said);
      const verdict = await judgeNow(execution, latest, said);
      if (verdict.state === 'pending') {
        const until = verdict.until === undefined ? {} : { until: verdict.until };
        return { next: 'leave', advance: { state: 'waiting', gate: latest.gate, ...until } };
      }
      if (verdict.state === 'approved') return actOn(execution, guarded, { record: latest, by: verdict.by, because, seen });
      const outcome = verdict.state === 'aborted' || verdict.state === 'expired' ? verdict.state : 'rejected';
      const decisions = 'by' in verdict ? verdict.by : [];
      await execution.record({ type: 'gate-settled', gateId: latest.gate.gateId, outcome, decisions });
      return refused(execution, guarded, outcome);
    }
  }
}

function judgeNow(execution: Execution, { gate, said: words }: GateRecord, decisions: readonly Decision[]): Promise<Verdict> {
  const { clock, rules, run } = execution.deps;
  return judge({
    gate,
    decisions,
    now: clock.now(),
    mayApprove: (by) => rules.mayApprove(by, run, gate),
    glass: { words, mayBreakGlass: (by) => rules.mayBreakGlass(by, run, gate) },
  });
}

/** Approved, by the record of a worker that died before the step began: it counts if the same people may still say it, and not for ever. */
async function actOnRecorded(execution: Execution, guarded: Guarded, acting: Omit<Acting, 'by'>): Promise<StepResult> {
  const { record, because } = acting;
  const { gate, decisions } = record;
  const verdict = await judgeNow(execution, record, decisions);
  if (verdict.state === 'approved') return actOn(execution, guarded, { ...acting, by: decisions });
  const difference = verdict.state === 'expired' ? 'nobody was there to act on it in time' : 'who approved it may not do so any more';
  await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions, difference });
  return openGate(execution, guarded, because);
}

interface Acting {
  readonly record: GateRecord;
  readonly by: readonly Decision[];
  /** Why the step is not true already. */
  readonly because: string;
  /** A look taken after the approval was given. */
  readonly seen: Look | undefined;
}

/** Approved: reads the world again; only if plan and facts are those that were approved does it act. */
async function actOn(execution: Execution, guarded: Guarded, { record, by, because, seen }: Acting): Promise<StepResult> {
  const { gate } = record;
  const isOfNow = seen !== undefined && execution.since(seen.at) <= lookHoldsMs;
  const { required, covered } = isOfNow ? seen : await lookAgain(execution, guarded);
  if (covered === undefined || digestOf(covered) !== gate.digest) {
    const difference = required.holds && covered !== undefined ? differenceOf(gate, covered) : reasonOf(required);
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions: by, difference });
    return required.holds ? openGate(execution, guarded, because) : execution.fail(guarded.step, requirementFailure(required.because));
  }
  if (record.outcome === undefined)
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'approved', decisions: by });
  return guarded.act(approvalOf(gate, by), gate.plan);
}

async function refused(
  execution: Execution,
  { step, otherwise, notDone }: Guarded,
  outcome: 'rejected' | 'expired' | 'aborted',
): Promise<StepResult> {
  if (otherwise !== undefined && outcome !== 'aborted') {
    await execution.record({ type: 'step-settled', stepId: step.id, how: 'declined', note: otherwise, durationMs: 0 });
    return goOn;
  }
  const why = { rejected: 'was rejected', expired: 'was not approved in time', aborted: 'was aborted' }[outcome];
  return execution.abandon(outcome, `“${step.title}” ${why}. ${notDone}`);
}

async function openGate(execution: Execution, guarded: Guarded, because: string, seen?: Look): Promise<StepResult> {
  const { required, covered } = seen ?? (await lookAgain(execution, guarded));
  if (covered === undefined) return execution.fail(guarded.step, requirementFailure(reasonOf(required)));
  await execution.deps.commands.flush();
  const { id, title } = guarded.step;
  return execution.wait({
    kind: 'approval',
    stepId: id,
    title,
    plan: covered.plan,
    facts: covered.facts,
    digest: digestOf(covered),
    // config.yaml takes no 0; with nobody needed the gate's expiry would find enough approvals, and silence must never be a yes.
    required: Math.max(1, execution.deps.rules.required[guarded.blastRadius]),
    ...(guarded.blastRadius === 'quorumLoss' && { confirm: execution.deps.run.cluster }),
    ...guarded.card(because),
  });
}

interface Look {
  /** When it was over. */
  readonly at: Date;
  readonly required: Finding;
  readonly covered: Covered | undefined;
}

/** The first is what counts: where it fails, or nothing more is needed after it, nobody asks how the second ended. */
async function bothOf<First, Second>(
  first: Promise<First>,
  second: Promise<Second> | undefined,
): Promise<readonly [First, Promise<Second> | undefined]> {
  await Promise.allSettled([first, second]);
  return [await first, second];
}

/** What is required and what is covered, looked at side by side; the second only where the first holds. */
async function lookAgain({ deps: { clock } }: Execution, guarded: Guarded): Promise<Look> {
  const [required, covered] = await Promise.allSettled([guarded.requires(), guarded.covered()]);
  if (required.status === 'rejected') throw required.reason;
  const at = clock.now();
  if (!required.value.holds) return { at, required: required.value, covered: undefined };
  if (covered.status === 'rejected') throw covered.reason;
  return { at, required: required.value, covered: covered.value };
}

function reasonOf(finding: Finding): string {
  return finding.holds ? '' : finding.because;
}

function requirementFailure(because: string) {
  return { code: 'REQUIREMENT_FAILED', because, hint: 'Nothing was destroyed. Correct the cause, then press Retry.' };
}
