/** Runs and gates with hostile text in every place that text can come from: titles, plans, facts, reasons, notes, what hosts answered. */
import fc from 'fast-check';
import type { Gate, GateOutcome, JournalEntry, JournalEvent } from '../../src/engine/journal.ts';
import { viewOf } from '../../src/engine/view.ts';
import { ClusterName, UserId } from '../../src/ids.ts';
import { gate, journalOf, request } from './fakes.ts';
import { command } from './story.ts';
import { hostile } from './within-limits.ts';

/** How a gate may be settled. */
export const outcomes: readonly GateOutcome[] = ['approved', 'chosen', 'rejected', 'expired', 'voided', 'retried', 'aborted'];

const plans = fc.array(fc.record({ on: fc.constantFrom('etcd01', 'bot'), argv: fc.array(hostile, { minLength: 1, maxLength: 4 }) }), {
  maxLength: 12,
});

/** A plan, and the commands of it as they were carried out. */
export const commandsAndPlans = fc
  .record({ plan: plans, answer: hostile })
  .map(({ plan, answer }) => ({ plan, commands: plan.map(({ on, argv }) => command(on, argv, answer)) }));

/** A gate of any kind. */
export const gates: fc.Arbitrary<Gate> = fc
  .record({
    title: hostile,
    plan: plans,
    facts: fc.dictionary(hostile, hostile, { maxKeys: 6 }),
    reason: hostile,
    hint: fc.option(hostile, { nil: undefined }),
    otherwise: fc.option(hostile, { nil: undefined }),
    attests: fc.option(hostile, { nil: undefined }),
    confirm: fc.option(fc.constant(ClusterName.parse('a'.repeat(31))), { nil: undefined }),
    ways: fc.array(fc.record({ title: hostile, detail: hostile, possible: fc.boolean() }), { maxLength: 60 }),
  })
  .map(({ hint, otherwise, attests, confirm, ways, ...rest }) =>
    gate({
      ...rest,
      options: ways.map((way, index) => ({ ...way, id: `way-${index}` })),
      ...(hint !== undefined && { hint }),
      ...(otherwise !== undefined && { otherwise }),
      ...(attests !== undefined && { attests }),
      ...(confirm !== undefined && { confirm }),
    }),
  );

/** What stands beside a gate on its card. */
export const cardContext = {
  view: viewOf(request(), []),
  approvers: ['U0BOB', ...Array.from({ length: 60 }, (_, index) => `S0GROUP${index}`)],
  operators: ['U0ALICE'],
  breakGlassDelayMs: 300_000,
  decisions: [{ verdict: 'approve' as const, by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }],
};

/** The entry of a settled step. */
export const settledSteps = fc
  .record({ note: hostile, plan: plans, how: fc.constantFrom('done' as const, 'planned' as const, 'declined' as const) })
  .map((settled) => ({ type: 'step-settled' as const, stepId: 's', durationMs: 1, seq: 1, at: '2026-11-22T03:12:00.000Z', ...settled }));

/** A whole journal: at a gate, or ended. */
export const journals: fc.Arbitrary<{ readonly entries: readonly JournalEntry[]; readonly progress: { stepId: string; text: string } }> = fc
  .record({ one: gates, text: hostile, steps: fc.integer({ min: 0, max: 120 }), ended: fc.boolean() })
  .map(({ one, text, steps, ended }) => {
    const end: readonly JournalEvent[] = ended ? [{ type: 'run-ended', outcome: 'failed', summary: text }] : [];
    return { entries: journalOf([...eventsOf(one, text, steps), ...end]), progress: { stepId: 's1', text } };
  });

function eventsOf(one: Gate, text: string, steps: number): readonly JournalEvent[] {
  return [
    {
      type: 'run-prepared',
      prepared: {},
      summary: text,
      steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, title: `${index}${text}`, kind: 'change' as const })),
    },
    { type: 'step-settled', stepId: 's0', how: 'done', note: text, durationMs: 1 },
    { type: 'gate-opened', gate: { ...one, stepId: 's1' } },
  ];
}
