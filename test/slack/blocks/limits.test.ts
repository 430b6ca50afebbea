/** Every builder, against Slack's limits and what could page or link, with hostile text in every place that text can come from. */
import { globSync, readFileSync } from 'node:fs';
import type { HomeView, ModalView } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../../src/engine/view.ts';
import { ClusterName, UserId } from '../../../src/ids.ts';
import { answerMessage } from '../../../src/slack/blocks/answer.ts';
import { glassMessage } from '../../../src/slack/blocks/break-glass.ts';
import { choiceCard } from '../../../src/slack/blocks/choice.ts';
import { confirmView } from '../../../src/slack/blocks/confirm.ts';
import { approvalCard, failureCard, settledCard } from '../../../src/slack/blocks/gate.ts';
import { message, withoutBlocks } from '../../../src/slack/blocks/message.ts';
import type { Message } from '../../../src/slack/blocks/message.ts';
import { reminderMessage } from '../../../src/slack/blocks/reminder.ts';
import { deskAnswerMessage, refusalMessage, replyMessage } from '../../../src/slack/blocks/reply.ts';
import { rootMessage } from '../../../src/slack/blocks/root.ts';
import { failureReply, stepReply } from '../../../src/slack/blocks/step.ts';
import { summaryMessage } from '../../../src/slack/blocks/summary.ts';
import { limits } from '../../../src/slack/limits.ts';
import { homeView } from '../../../src/slack/listeners/home.ts';
import { request } from '../fakes.ts';
import { cardContext, commandsAndPlans, gates, journals, outcomes, settledSteps } from '../hostile-runs.ts';
import { faultsOf, faultsOfView, hostile, pages } from '../within-limits.ts';

const runs = { numRuns: 60 };
const people = ['U0ALICE', 'U0BOB', 'S0SRE'];
const glass = { by: UserId.parse('U0BOB'), announcedAt: '2026-11-22T03:14:00.000Z', takesEffectAt: '2026-11-22T03:19:00.000Z' };
const rows = fc.array(fc.array(hostile, { maxLength: 4 }), { maxLength: 40 });
const answers = fc.record({ text: hostile, cells: rows }).map(({ text, cells }) => ({
  headline: text || '-',
  parts: [
    { type: 'sentence' as const, text },
    { type: 'table' as const, table: { columns: ['A', 'B', 'C'].map((title) => ({ title, align: 'left' as const })), rows: cells } },
    { type: 'verbatim' as const, text },
  ],
  next: text,
}));

/** What each builder makes of hostile input, by the name of its function. */
const built: Readonly<Record<string, fc.Arbitrary<Message>>> = {
  message: hostile.map((text) => message(text)),
  rootMessage: journals.map(({ entries, progress }) => rootMessage(viewOf(request(), entries, progress), entries)),
  summaryMessage: journals.map(({ entries }) => summaryMessage(viewOf(request(), entries))),
  approvalCard: gates.map((gate) => approvalCard(gate, cardContext)),
  failureCard: gates.map((gate) => failureCard({ ...gate, kind: 'failure' }, cardContext)),
  choiceCard: gates.map((gate) => choiceCard({ ...gate, kind: 'choice' }, cardContext)),
  settledCard: fc
    .tuple(gates, fc.constantFrom(...outcomes), hostile)
    .map(([gate, outcome, difference]) => settledCard({ gate, outcome, decisions: cardContext.decisions, difference }, cardContext)),
  reminderMessage: fc
    .tuple(gates, fc.constantFrom('half' as const, 'late' as const))
    .map(([gate, reminder]) => reminderMessage(gate, reminder, cardContext)),
  glassMessage: fc
    .tuple(gates, hostile, fc.constantFrom(undefined, ...outcomes), fc.boolean())
    .map(([gate, reason, outcome, counted]) => glassMessage(gate, { ...glass, reason }, { ...cardContext, outcome, counted })),
  stepReply: fc
    .tuple(hostile, settledSteps, commandsAndPlans)
    .map(([title, settled, { commands }]) => stepReply(title, settled, commands, people)),
  failureReply: fc.tuple(hostile, hostile, hostile).map(([title, because, hint]) => failureReply(title, { because, hint })),
  answerMessage: fc.tuple(answers, hostile).map(([answer, foot]) => answerMessage(answer, foot)),
  deskAnswerMessage: fc.tuple(answers, hostile).map(([answer, name]) => deskAnswerMessage(answer, new Map([['U0ALICE', name]]))),
  refusalMessage: fc.tuple(hostile, hostile).map(([sentence, next]) => refusalMessage(sentence, next, people)),
  replyMessage: hostile.map((text) =>
    replyMessage({ kind: 'receipt', run: request().runId, counted: true, sentence: `ok ${text}` }, people),
  ),
};

const views: Readonly<Record<string, fc.Arbitrary<HomeView | ModalView>>> = {
  homeView: fc.constant(homeView),
  confirmView: gates.map((gate) =>
    confirmView(gate, {
      value: { gateId: gate.gateId, digest: gate.digest, verdict: 'approve' },
      cluster: ClusterName.parse('a'.repeat(31)),
      channel: { id: 'C0INCIDENT', name: 'inc-etcd' },
      threadTs: '1763780000.000100',
    }),
  ),
};

/** All that src/slack builds, by what it is declared to give. */
function builders(type: RegExp): readonly string[] {
  const sources = globSync('src/slack/**/*.ts').map((file) => readFileSync(file, 'utf8'));
  const functions = sources.flatMap((text) => text.split(/^export function /m).slice(1));
  const constants = sources.flatMap((text) => [...text.matchAll(/^(?:export )?const (\w+): (\w+) =/gm)]);
  return [
    ...functions.filter((text) => type.test(/\): (\w+) \{\n/.exec(text)?.[1] ?? '')).map((text) => /^\w+/.exec(text)?.[0] ?? ''),
    ...constants.filter(([, , of = '']) => type.test(of)).map(([, name = '']) => name),
  ].toSorted();
}

describe('every builder of a message', () => {
  it('has a case below', () => {
    expect(builders(/^Message$/)).toEqual(Object.keys(built).toSorted());
    expect(builders(/^(?:Home|Modal)?View$/)).toEqual(Object.keys(views).toSorted());
  });

  it.each(Object.keys(built))('%s stays within the limits, calls nobody and links nothing', (name) => {
    fc.assert(
      fc.property(built[name] ?? fc.constant(undefined), (one) => {
        expect(one === undefined ? ['not built'] : faultsOf(one)).toEqual([]);
      }),
      runs,
    );
  });

  it.each(Object.keys(built))('%s says the same in plain words, where blocks are refused', (name) => {
    fc.assert(
      fc.property(built[name] ?? fc.constant(undefined), (one) => {
        const words = one === undefined ? '' : withoutBlocks(one);
        expect(words.length).toBeGreaterThan(0);
        expect(words.length).toBeLessThanOrEqual(limits.messageTextCharacters);
        expect(pages(words)).toBe(false);
      }),
      runs,
    );
  });

  it.each(Object.keys(views))('%s stays within the limits of a view', (name) => {
    fc.assert(
      fc.property(views[name] ?? fc.constant(undefined), (one) => {
        expect(one === undefined ? ['not built'] : faultsOfView(one)).toEqual([]);
      }),
      runs,
    );
  });
});

describe('a card', () => {
  it('keeps its buttons, however much it has to show', () => {
    fc.assert(
      fc.property(gates, (one) => {
        for (const { blocks } of [approvalCard(one, cardContext), choiceCard({ ...one, kind: 'choice' }, cardContext)])
          expect(blocks.filter(({ type }) => type === 'actions')).toHaveLength(1);
      }),
      runs,
    );
  });
});
