/** The two kinds of steps that an approval guards: one that destroys, and one that attests what cannot be proven. */
import { alreadyTrue, destroyWith } from './act.ts';
import type { Approval } from './approval.ts';
import type { Execution, StepResult } from './execution.ts';
import { goOn } from './execution.ts';
import { holds } from './finding.ts';
import { pass } from './gated.ts';
import type { AttestStep, DestroyStep } from './step.ts';

/** Advances a destructive step as far as people have allowed. */
export function destroyed(execution: Execution, step: DestroyStep): Promise<StepResult> {
  const { id, loses, blastRadius, otherwise } = step;
  return pass(execution, {
    step,
    blastRadius,
    already: () => alreadyTrue(execution, step),
    requires: () => step.requires(),
    covered: async () => {
      const [plan, facts] = await Promise.all([step.plan(), step.facts()]);
      return { stepId: id, plan, facts, loses };
    },
    card: () => ({ reason: loses, ...(otherwise !== undefined && { otherwise }) }),
    act: (approval, plan) => destroyWith(execution, step, { approval, plan }),
    notDone: 'It was not done.',
    ...(otherwise !== undefined && { otherwise }),
  });
}

/** Advances an attestation as far as people have given it. The look at what can be proven comes first each time, so an approval counts only while it is needed. */
export function attested(execution: Execution, step: AttestStep): Promise<StepResult> {
  const { id, states } = step;
  return pass(execution, {
    step,
    // Who vouches for what nobody can check takes the same number of people as the loss of quorum.
    blastRadius: 'quorumLoss',
    already: () => step.needed(),
    requires: () => Promise.resolve(holds()),
    covered: async () => ({ stepId: id, plan: [], facts: await step.facts(), loses: states }),
    card: (because) => ({ reason: because, attests: states }),
    act: (approval) => note(execution, step, approval),
    notDone: 'It was not attested, and nothing that rests on it was done.',
  });
}

async function note(execution: Execution, step: AttestStep, { approvedBy, breakGlass }: Approval): Promise<StepResult> {
  const alone = breakGlass === undefined ? '' : ` (break-glass of ${breakGlass.by}: ${breakGlass.reason})`;
  const note = `Attested by ${approvedBy.join(' and ')}${alone}: ${step.states}`;
  await execution.record({ type: 'step-settled', stepId: step.id, how: 'done', note, durationMs: 0 });
  return goOn;
}
