/** `--plan`: walks the same steps, shows what they find and what they would type, and changes nothing. */
import type { Execution, StepResult } from './execution.ts';
import { failureOf } from './execution.ts';
import type { PlannedCommand } from './command.ts';
import type { Facts, Offer, Step } from './step.ts';

interface Preview {
  readonly note?: string;
  readonly plan: readonly PlannedCommand[];
}

/** Records every step as planned, then ends the run. */
export async function preview(execution: Execution, steps: readonly Step[]): Promise<StepResult> {
  for (const step of steps) {
    if (execution.state.settled.has(step.id)) {
      if (step.kind === 'choose') return endAtChoice(execution);
      continue;
    }
    const start = execution.deps.clock.now();
    const { note, plan } = await previewOf(execution, step);
    await execution.record({
      type: 'step-settled',
      stepId: step.id,
      how: 'planned',
      plan,
      durationMs: execution.since(start),
      ...(note !== undefined && { note }),
    });
    if (step.kind === 'choose') return endAtChoice(execution);
  }
  return execution.end('planned', 'This was the plan; nothing was changed. The same command without --plan carries it out.');
}

/** What nobody has chosen yet has no steps that could be shown. */
function endAtChoice(execution: Execution): Promise<StepResult> {
  return execution.end(
    'planned',
    'This was the plan as far as it can be said: the rest depends on what is chosen. Nothing was changed. The same command without --plan carries it out.',
  );
}

async function previewOf(execution: Execution, step: Step): Promise<Preview> {
  try {
    if (step.kind === 'check') {
      const finding = await step.verify(execution.contextOf(step));
      return { plan: [], note: finding.holds ? (finding.note ?? 'It holds now.') : `It does not hold now: ${finding.because}` };
    }
    if (step.kind === 'choose') return { plan: [], note: offerInWords(await step.offer()) };
    if (step.kind === 'attest') {
      const needed = await step.needed();
      if (needed.holds) return { plan: [], note: needed.note ?? 'There is nothing to attest now.' };
      const asks = [`Waits for approvers to attest: ${step.states}`, `Why: ${needed.because}`];
      return { plan: [], note: [...asks, ...factLines(await step.facts())].join('\n') };
    }
    const plan = await step.plan();
    if (step.kind === 'change') return { plan };
    const required = await step.requires();
    const facts = factLines(await step.facts());
    const gate = `Waits for an approval. Loses: ${step.loses}`;
    return { plan, note: [required.holds ? gate : `Would be refused now: ${required.because}`, ...facts].join('\n') };
  } catch (error) {
    return { plan: [], note: `Cannot be said yet: ${failureOf(error).because}` };
  }
}

function offerInWords({ question, facts, options }: Offer): string {
  const ways = options.map(({ title, detail, possible }) => `${possible ? 'Possible' : 'Not possible'}: ${title}. ${detail}`);
  return [`Waits for a choice. ${question}`, ...ways, ...factLines(facts)].join('\n');
}

function factLines(facts: Facts): string[] {
  return Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
}
