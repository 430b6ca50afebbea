/** `--plan`: walks the same steps, shows what they find and what they would type, and changes nothing. */
import type { Execution, StepResult } from './execution.ts';
import { failureOf } from './execution.ts';
import type { PlannedCommand } from './command.ts';
import type { ChangeStep, DestroyStep, Facts, Offer, Step } from './step.ts';
import { list } from './words.ts';

interface Preview {
  readonly note?: string;
  readonly plan: readonly PlannedCommand[];
  /** What the step asks for does not hold now. */
  readonly refused: boolean;
}

/** Records every step as planned, then ends the run. */
export async function preview(execution: Execution, steps: readonly Step[]): Promise<StepResult> {
  const { state } = execution;
  // What a later step finds now says nothing: the steps before it will have changed it.
  let isFirst = true;
  for (const step of steps) {
    if (!state.settled.has(step.id)) {
      const start = execution.deps.clock.now();
      const { note, plan, refused } = await previewOf(execution, step);
      await execution.record({
        type: 'step-settled',
        stepId: step.id,
        how: 'planned',
        plan,
        durationMs: execution.since(start),
        ...(note !== undefined && { note }),
        ...(isFirst && refused && { stops: true }),
      });
    }
    if (step.kind === 'choose') return end(execution, steps, asFarAsKnown);
    if (step.kind !== 'check') isFirst = false;
  }
  return end(execution, steps, 'This was the plan; nothing was changed.');
}

/** What nobody has chosen yet has no steps that could be shown. */
const asFarAsKnown = 'This was the plan as far as it can be said: the rest depends on what is chosen. Nothing was changed.';

function end(execution: Execution, steps: readonly Step[], said: string): Promise<StepResult> {
  const stops = steps.filter(({ id }) => execution.state.stops.has(id)).map(({ title }) => `“${title}”`);
  const next =
    stops.length === 0
      ? 'The same command without --plan carries it out.'
      : `As things are now, the same command without --plan would not get past ${list(stops)}.`;
  return execution.end('planned', `${said} ${next}`);
}

async function previewOf(execution: Execution, step: Step): Promise<Preview> {
  try {
    switch (step.kind) {
      case 'check': {
        const finding = await step.verify(execution.contextOf(step));
        const note = finding.holds ? (finding.note ?? 'It holds now.') : `It does not hold now: ${finding.because}`;
        return { plan: [], note, refused: !finding.holds };
      }
      case 'choose': {
        const offer = await step.offer();
        return { plan: [], note: offerInWords(offer), refused: !offer.options.some(({ possible }) => possible) };
      }
      case 'attest': {
        const needed = await step.needed();
        if (needed.holds) return { plan: [], note: needed.note ?? 'There is nothing to attest now.', refused: false };
        const asks = [`Waits for approvers to attest: ${step.states}`, `Why: ${needed.because}`];
        return { plan: [], note: [...asks, ...factLines(await step.facts())].join('\n'), refused: false };
      }
      case 'change':
        return { plan: await step.plan(), refused: false };
      case 'destroy':
        return await destructionOf(execution, step);
    }
  } catch (error) {
    return { plan: [], note: `Cannot be said yet: ${failureOf(error).because}`, refused: !(await isDone(execution, step)) };
  }
}

async function destructionOf(execution: Execution, step: DestroyStep): Promise<Preview> {
  const plan = await step.plan();
  const required = await step.requires();
  const facts = factLines(await step.facts());
  const gate = required.holds ? `Waits for an approval. Loses: ${step.loses}` : `Would be refused now: ${required.because}`;
  return { plan, note: [gate, ...facts].join('\n'), refused: !required.holds && !(await isDone(execution, step)) };
}

/** A step that is done already is left out, whatever it would ask for. */
async function isDone(execution: Execution, step: Step): Promise<boolean> {
  if (!acts(step)) return false;
  try {
    return (await step.verify(execution.contextOf(step))).holds;
  } catch (error) {
    failureOf(error);
    return false;
  }
}

function acts(step: Step): step is ChangeStep | DestroyStep {
  return step.kind === 'change' || step.kind === 'destroy';
}

function offerInWords({ question, facts, options }: Offer): string {
  const ways = options.map(({ title, detail, possible }) => `${possible ? 'Possible' : 'Not possible'}: ${title}. ${detail}`);
  return [`Waits for a choice. ${question}`, ...ways, ...factLines(facts)].join('\n');
}

function factLines(facts: Facts): string[] {
  return Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
}
