/** Voids the gate that is open for a step when what it asks has become pointless or cannot be acted on. */
import type { Execution } from './execution.ts';
import type { Step } from './step.ts';

/** What was said at the gate is read first, because a gate is not settled past an unread word. Failure gates are left alone. */
export async function withdraw(execution: Execution, step: Step, difference: string): Promise<void> {
  for (const { gate, outcome } of execution.state.gates) {
    if (gate.stepId !== step.id || gate.kind === 'failure' || outcome !== undefined) continue;
    const decisions = await execution.deps.decisions.at(gate.gateId);
    await execution.record({ type: 'gate-settled', gateId: gate.gateId, outcome: 'voided', decisions, difference });
  }
}
