/** Carries out one step: looks first, acts once, and looks whether it worked. */
import type { Approval } from './approval.ts';
import type { PlannedCommand } from './command.ts';
import type { Execution, StepResult } from './execution.ts';
import { failureOf, goOn } from './execution.ts';
import type { Finding } from './finding.ts';
import { fails } from './finding.ts';
import { isOpsError } from '../errors.ts';
import type { ChangeStep, CheckStep, DestroyStep } from './step.ts';

/** How long after one `verify` the next is asked: an eighth of the time waited so far, because a cluster that comes up is down until somebody sees it. */
const verifyAgainMs = { atLeast: 50, atMost: 500, part: 1 / 8 };
/** How long `verify` may take to become true when a step names no deadline of its own. */
const verifyDeadlineMs = 30_000;

/** A check: one look, recorded as done or failed. */
export async function look(execution: Execution, step: CheckStep): Promise<StepResult> {
  const start = execution.deps.clock.now();
  await execution.record({ type: 'step-started', stepId: step.id, plan: [] });
  try {
    const finding = await step.verify(execution.contextOf(step));
    await execution.deps.commands.flush();
    if (!finding.holds) return await execution.fail(step, { code: 'CHECK_FAILED', because: finding.because, hint: checkHint });
    await execution.record(settled(step.id, 'done', execution.since(start), finding.note));
    return goOn;
  } catch (error) {
    return execution.fail(step, failureOf(error));
  }
}

const checkHint = 'Correct the cause, then press Retry; this step only looks and has changed nothing.';

/** Whether the step is already true: then it is skipped, and said so. An error means that it cannot be known, which is no yes. */
export async function alreadyTrue(execution: Execution, step: ChangeStep | DestroyStep): Promise<Finding> {
  const finding = await step.verify(execution.contextOf(step));
  await execution.deps.commands.flush();
  return finding;
}

/** A change: skipped when already true, else done and looked at again. */
export async function make(execution: Execution, step: ChangeStep): Promise<StepResult> {
  const start = execution.deps.clock.now();
  const resumed = execution.state.inDoubt.has(step.id);
  try {
    if (resumed) await execution.record({ type: 'step-resumed', stepId: step.id });
    const { before, plan } = await lookFirst(execution, step, resumed);
    if (before.holds) {
      await execution.record(settled(step.id, resumed ? 'done' : 'already-true', execution.since(start), before.note));
      return goOn;
    }
    if (plan !== undefined) await execution.record({ type: 'step-started', stepId: step.id, plan });
    const remark = await step.run(execution.contextOf(step));
    return await confirm(execution, step, start, remark ?? undefined);
  } catch (error) {
    return execution.fail(step, failureOf(error));
  }
}

/** Whether it is true already, and what would be typed, of one moment: what is asked of a host at the same time is one request. */
async function lookFirst(
  execution: Execution,
  step: ChangeStep,
  resumed: boolean,
): Promise<{ readonly before: Finding; readonly plan: readonly PlannedCommand[] | undefined }> {
  const [before, plan] = await Promise.allSettled([alreadyTrue(execution, step), resumed ? undefined : step.plan()]);
  if (before.status === 'rejected') throw before.reason;
  if (before.value.holds) return { before: before.value, plan: undefined };
  // What is done already may have no plan; what is not must have one.
  if (plan.status === 'rejected') throw plan.reason;
  return { before: before.value, plan: plan.value };
}

/** A destruction that was approved. The caller has asked `requires`, and `plan` is the one that was approved and that holds now. */
export async function destroyWith(
  execution: Execution,
  step: DestroyStep,
  { approval, plan }: { readonly approval: Approval; readonly plan: readonly PlannedCommand[] },
): Promise<StepResult> {
  const start = execution.deps.clock.now();
  try {
    if (execution.state.inDoubt.has(step.id)) await execution.record({ type: 'step-resumed', stepId: step.id });
    else await execution.record({ type: 'step-started', stepId: step.id, plan, gateId: approval.gateId });
    await step.run(approval, execution.contextOf(step));
    return await confirm(execution, step, start);
  } catch (error) {
    return execution.fail(step, failureOf(error));
  }
}

/** Waits until `verify` holds, for as long as the step allows, or until it says that it will not by waiting. */
async function confirm(execution: Execution, step: ChangeStep | DestroyStep, start: Date, remark?: string): Promise<StepResult> {
  const { clock, commands } = execution.deps;
  const deadlineMs = step.deadlineMs ?? verifyDeadlineMs;
  const ranUntil = clock.now();
  for (;;) {
    const finding = await lookOnce(execution, step);
    await commands.flush();
    if (finding.holds) {
      const note = [finding.note, remark].filter((text) => text !== undefined).join('\n');
      await execution.record(settled(step.id, 'done', execution.since(start), note === '' ? undefined : note));
      return goOn;
    }
    if (finding.final === true || execution.since(ranUntil) >= deadlineMs) {
      const when = finding.final === true ? 'this does not hold' : `${Math.round(deadlineMs / 1000)} s later this still does not hold`;
      return execution.fail(step, {
        code: 'NOT_CONFIRMED',
        because: `It was done, but ${when}: ${finding.because}`,
        hint: 'Look at the hosts, then press Retry: what is done already is skipped.',
      });
    }
    const { atLeast, atMost, part } = verifyAgainMs;
    await clock.sleep(Math.min(Math.max(execution.since(ranUntil) * part, atLeast), atMost));
  }
}

/** A look that cannot be taken yet (a host that is just starting) counts as "not yet" until the deadline. */
async function lookOnce(execution: Execution, step: ChangeStep | DestroyStep): Promise<Finding> {
  try {
    return await step.verify(execution.contextOf(step));
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}

function settled(stepId: string, how: 'done' | 'already-true', durationMs: number, note: string | undefined) {
  return { type: 'step-settled', stepId, how, durationMs, ...(note !== undefined && { note }) } as const;
}
