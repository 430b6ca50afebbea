/** Every builder, against Slack's limits, with hostile text in every place that text can come from. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gate, JournalEvent } from '../../../src/engine/journal.ts';
import { viewOf } from '../../../src/engine/view.ts';
import { ClusterName, UserId } from '../../../src/ids.ts';
import { answerMessage } from '../../../src/slack/blocks/answer.ts';
import { choiceCard } from '../../../src/slack/blocks/choice.ts';
import { approvalCard, failureCard, settledCard } from '../../../src/slack/blocks/gate.ts';
import { withoutBlocks } from '../../../src/slack/blocks/message.ts';
import { deskAnswerMessage, refusalMessage, replyMessage } from '../../../src/slack/blocks/reply.ts';
import { rootMessage } from '../../../src/slack/blocks/root.ts';
import { failureReply, stepReply } from '../../../src/slack/blocks/step.ts';
import { summaryMessage } from '../../../src/slack/blocks/summary.ts';
import { limits } from '../../../src/slack/limits.ts';
import { gate, journalOf, request } from '../fakes.ts';
import { command } from '../story.ts';
import { faultsOf, hostile } from '../within-limits.ts';

const runs = { numRuns: 60 };
const plans = fc.array(fc.record({ on: fc.constantFrom('etcd01', 'bot'), argv: fc.array(hostile, { minLength: 1, maxLength: 4 }) }), {
  maxLength: 12,
});
const gates = fc
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
  .map(({ hint, otherwise, attests, confirm, ways, ...rest }): Gate =>
    gate({
      ...rest,
      options: ways.map((way, index) => ({ ...way, id: `way-${index}` })),
      ...(hint !== undefined && { hint }),
      ...(otherwise !== undefined && { otherwise }),
      ...(attests !== undefined && { attests }),
      ...(confirm !== undefined && { confirm }),
    }),
  );
const people = {
  approvers: ['U0BOB', ...Array.from({ length: 60 }, (_, index) => `S0GROUP${index}`)],
  operators: ['U0ALICE'],
  breakGlassDelayMs: 300_000,
  decisions: [{ verdict: 'approve' as const, by: UserId.parse('U0BOB'), at: '2026-11-22T03:14:00.000Z' }],
};

function eventsOf(one: Gate, text: string, steps: number): JournalEvent[] {
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

describe('limits', () => {
  it('hold for the root message and the summary', () => {
    fc.assert(
      fc.property(gates, hostile, fc.integer({ min: 0, max: 120 }), (one, text, steps) => {
        const open = journalOf(eventsOf(one, text, steps));
        const ended = journalOf([...eventsOf(one, text, steps), { type: 'run-ended', outcome: 'failed', summary: text }]);

        expect(faultsOf(rootMessage(viewOf(request(), open, { stepId: 's1', text }), open))).toEqual([]);
        expect(faultsOf(rootMessage(viewOf(request(), ended), ended))).toEqual([]);
        expect(faultsOf(summaryMessage(viewOf(request(), ended)))).toEqual([]);
        const glass = { verdict: 'break-glass' as const, by: UserId.parse('U0BOB'), reason: text, at: '2026-11-22T03:14:00.000Z' };
        const gates = Array.from({ length: 4 }, () => ({ gate: one, outcome: 'approved' as const, decisions: [glass] }));
        expect(faultsOf(summaryMessage({ ...viewOf(request(), ended), gates }))).toEqual([]);
      }),
      runs,
    );
  });

  it('hold for the cards of gates', () => {
    fc.assert(
      fc.property(gates, hostile, (one, text) => {
        const context = { view: viewOf(request(), []), ...people };

        expect(faultsOf(approvalCard(one, context))).toEqual([]);
        expect(faultsOf(failureCard({ ...one, kind: 'failure' }, context))).toEqual([]);
        expect(faultsOf(choiceCard({ ...one, kind: 'choice' }, context))).toEqual([]);
        for (const outcome of ['approved', 'chosen', 'rejected', 'expired', 'voided', 'retried', 'aborted'] as const) {
          expect(faultsOf(settledCard({ gate: one, outcome, decisions: people.decisions, difference: text }, context))).toEqual([]);
          const decisions = people.decisions.map((said) => ({ ...said, verdict: 'break-glass' as const, reason: text }));
          expect(faultsOf(settledCard({ gate: one, outcome, decisions }, context))).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('keep the buttons of a card, however much it has to show', () => {
    fc.assert(
      fc.property(gates, (one) => {
        const context = { view: viewOf(request(), []), ...people };

        for (const { blocks } of [approvalCard(one, context), choiceCard({ ...one, kind: 'choice' }, context)])
          expect(blocks.filter(({ type }) => type === 'actions')).toHaveLength(1);
      }),
      runs,
    );
  });

  it('hold for the replies of steps', () => {
    fc.assert(
      fc.property(hostile, hostile, plans, (title, text, plan) => {
        const settled = {
          type: 'step-settled',
          stepId: 's',
          note: text,
          plan,
          durationMs: 1,
          seq: 1,
          at: '2026-11-22T03:12:00.000Z',
        } as const;
        const commands = plan.map(({ on, argv }) => command(on, argv, text));

        expect(faultsOf(stepReply(title, { ...settled, how: 'done' }, commands, ['U0BOB', 'U0EVERYBODY', 'S0X']))).toEqual([]);
        expect(faultsOf(stepReply(title, { ...settled, how: 'planned' }, commands))).toEqual([]);
        expect(faultsOf(failureReply(title, { because: text, hint: text }))).toEqual([]);
      }),
      runs,
    );
  });

  it('hold for answers and refusals', () => {
    const rows = fc.array(fc.array(hostile, { maxLength: 4 }), { maxLength: 40 });
    fc.assert(
      fc.property(hostile, rows, (text, cells) => {
        const table = { columns: ['A', 'B', 'C'].map((title) => ({ title, align: 'left' as const })), rows: cells };
        const answer = {
          headline: text || '-',
          parts: [
            { type: 'sentence' as const, text },
            { type: 'table' as const, table },
            { type: 'verbatim' as const, text },
          ],
          next: text,
        };

        expect(faultsOf(answerMessage(answer, text))).toEqual([]);
        expect(faultsOf(deskAnswerMessage(answer, new Map([['U0ALICE', text]])))).toEqual([]);
        expect(faultsOf(refusalMessage(`no ${text}`, text, ['U0ALICE']))).toEqual([]);
        expect(faultsOf(replyMessage({ kind: 'receipt', run: request().runId, counted: true, sentence: `ok ${text}` }, ['U0BOB']))).toEqual(
          [],
        );
      }),
      runs,
    );
  });

  it('hold for the text that stands in for refused blocks', () => {
    fc.assert(
      fc.property(gates, (one) => {
        expect(withoutBlocks(approvalCard(one, { view: viewOf(request(), []), ...people })).length).toBeLessThanOrEqual(
          limits.messageTextCharacters,
        );
      }),
      runs,
    );
  });
});
