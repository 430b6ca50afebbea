/** The gate card: what will be done, where, what is lost, what it rests on, who may say yes, how many, until when. */
import type { KnownBlock, SectionBlock } from '@slack/types';
import { renderCommand } from '../../engine/command.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import type { Decision, Gate } from '../../engine/journal.ts';
import type { Facts } from '../../engine/step.ts';
import type { GateView, RunView } from '../../engine/view.ts';
import { limits } from '../limits.ts';
import { fallbackTime, firstLines, moment } from '../text.ts';
import { gateButtons } from './actions.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { list, mention, someOf } from './people.ts';
import { bold, chunks, emoji, lines, preformatted, prose, rich, words } from './rich.ts';
import { runLabel } from './root.ts';
import { gateLooks } from './states.ts';

/** Longer plans go into a file beside the card, and the card says so. */
export const planCharactersMax = 5_500;
const planChunkCharacters = 2_800;
const factsCharactersMax = 1_500;
const shortLabelCharacters = 34;
const differenceLinesMax = 12;

/** What a card shows beside the gate itself. */
export interface CardContext {
  readonly view: RunView;
  /** User and group ids of the cluster's approvers, from config.yaml. */
  readonly approvers: readonly string[];
  readonly operators: readonly string[];
  /** What was said at the open gate so far. */
  readonly decisions: readonly Decision[];
}

/** The card of an open approval gate. */
export function approvalCard(gate: Gate, card: CardContext): Message {
  const { view } = card;
  const { run } = view;
  const asks = gate.otherwise === undefined ? 'Approval needed' : 'Optional, if approved';
  return message(
    `${asks}: ${gate.title}, on ${run.cluster} (${run.runId}, expires ${fallbackTime(gate.expiresAt)}). Lost: ${gate.reason}`,
    rich(lines([...emoji('raised_hand'), ...bold(`${asks}: ${gate.title}`)])),
    context(runLabel(view)),
    rich(
      lines(
        [...bold('What is lost: '), ...prose(gate.reason)],
        gate.otherwise === undefined ? [] : [...bold('If nobody approves: '), ...prose(gate.otherwise)],
      ),
    ),
    ...planBlocks(gate.plan),
    factsBlock(gate.facts),
    callFor(gate, card),
    approvalButtons(gate),
    context(`Or type \`/etcd approve ${run.runId}\``),
  );
}

/** How many are needed, of whom, who has, until when: in mrkdwn, because a mention there is sure to reach the people. */
function callFor({ required, expiresAt }: Gate, { view, approvers, decisions }: CardContext): SectionBlock {
  const asker = view.run.requester.user;
  const said = decisions.filter(({ verdict }) => verdict === 'approve');
  const others = approvers.filter((id) => id !== asker);
  const needed = `*${required === 1 ? 'One approval is' : `${required} approvals are`} needed* from ${others.length === 0 ? 'an approver, and none is listed' : someOf(others)}`;
  const notFrom = approvers.some((id) => id === asker || id.startsWith('S')) ? `; not from ${mention(asker)}, who asked` : '';
  const has =
    said.length === 0
      ? ''
      : `\n*${said.length} of ${required}* so far: ${list(said.map(({ by, at }) => `${mention(by)} at ${moment(at)}`))}.`;
  const text = `${needed}${notFrom}.${has}\n*Expires* ${moment(expiresAt, '{time} {date_short_pretty}')}.`;
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, limits.sectionTextCharacters), verbatim: true } };
}

function approvalButtons(gate: Gate) {
  const optional = gate.otherwise !== undefined;
  const short = gate.title.length <= shortLabelCharacters ? gate.title : undefined;
  const yes = optional ? (short ?? 'Yes, do it') : 'Approve';
  return gateButtons(gate, [
    [
      'approve',
      {
        label: yes,
        style: 'danger',
        confirm: {
          title: optional ? 'Are you sure?' : 'Approve this?',
          text: `${gate.title}. Lost: ${gate.reason}`,
          yes: optional ? 'Yes, do it' : 'Approve',
        },
      },
    ],
    ['reject', { label: optional ? 'No, leave it as it is' : 'Reject' }],
  ]);
}

/** The card of a failed step that waits for a decision. */
export function failureCard(gate: Gate, { view, operators, approvers }: CardContext): Message {
  const { run } = view;
  return message(
    `${run.procedure} ${run.cluster} stopped: “${gate.title}” failed. ${gate.reason} Retry or abort (${run.runId}).`,
    rich(lines([...emoji('x'), ...bold(`Failed: ${gate.title}`)])),
    context(runLabel(view)),
    rich(
      lines(
        [...bold('Why: '), ...prose(firstLines(gate.reason, differenceLinesMax))],
        gate.hint === undefined ? [] : [...bold('What to do: '), ...prose(gate.hint)],
      ),
    ),
    context(
      `${someOf([...new Set([...operators, ...approvers])])} may decide. Nothing more is done until then; ${run.cluster} stays held. Ends by itself ${moment(gate.expiresAt, '{time} {date_short_pretty}')}.`,
    ),
    gateButtons(gate, [
      ['retry', { label: 'Retry', style: 'primary' }],
      [
        'abort',
        { label: 'Abort', confirm: { title: 'Abort this run?', text: 'What is done stays done; what is left is not done.', yes: 'Abort' } },
      ],
    ]),
    context(`Or type \`/etcd retry ${run.runId}\` or \`/etcd abort ${run.runId}\``),
  );
}

/** An offer that was not taken up is no refusal. */
const declined = { emoji: 'heavy_minus_sign', word: 'Declined' };

/** The card of a gate that is settled: the outcome, who and when, and no buttons. */
export function settledCard(
  { gate, outcome = 'expired', decisions, difference, settledAt }: GateView & { readonly settledAt?: string },
  { view }: Pick<CardContext, 'view'>,
): Message {
  const look = outcome === 'rejected' && gate.otherwise !== undefined ? declined : gateLooks[outcome];
  const by = decisions.map(({ by: user, at }) => `${mention(user)} at ${moment(at)}`);
  const who = by.length > 0 ? `${look.word} by ${list(by)}` : `${look.word}${settledAt === undefined ? '' : ` at ${moment(settledAt)}`}`;
  const what = gate.kind === 'failure' ? `“${gate.title}” had failed` : gate.title;
  const skipped = (outcome === 'rejected' || outcome === 'expired') && gate.otherwise !== undefined ? prose(gate.otherwise) : [];
  const moved =
    difference === undefined
      ? undefined
      : rich(lines(bold('What moved since it was shown:')), preformatted(firstLines(difference, differenceLinesMax)));
  return message(
    `${look.word}: ${what}, on ${view.run.cluster} (${view.run.runId})`,
    rich(
      lines(
        [...emoji(look.emoji), ...bold(`${look.word}: `), ...words(what)],
        skipped,
        gate.kind === 'failure' ? prose(firstLines(gate.reason, 2)) : [],
      ),
    ),
    moved,
    context(`${who}  ·  ${runLabel(view)}`),
    ...(gate.kind === 'approval' && outcome === 'approved' ? planBlocks(gate.plan, 'What was approved') : []),
  );
}

/** The plan as text, one command a line; for the file when it is too long for a card. */
export function planText(plan: readonly PlannedCommand[]): string {
  return plan.map(renderCommand).join('\n');
}

function planBlocks(plan: readonly PlannedCommand[], title = 'What will be done'): readonly KnownBlock[] {
  if (plan.length === 0) return [];
  const text = planText(plan);
  const shown = text.length > planCharactersMax ? cut(text) : text;
  const [first = '', ...rest] = chunks(shown, planChunkCharacters);
  return [rich(lines(bold(title)), preformatted(first)), ...rest.map((chunk) => rich(preformatted(chunk)))];
}

function cut(text: string): string {
  const kept = text.slice(0, planCharactersMax).split('\n').slice(0, -1);
  const left = text.split('\n').length - kept.length;
  return [...kept, `… ${left} more commands: all of them are in the file above this card`].join('\n');
}

function factsBlock(facts: Facts): KnownBlock | undefined {
  const entries = Object.entries(facts);
  if (entries.length === 0) return undefined;
  const width = Math.min(28, Math.max(...entries.map(([name]) => name.length)));
  const text = entries.map(([name, value]) => `${name.padEnd(width)}  ${value.replaceAll(/\s+/g, ' ')}`).join('\n');
  return rich(lines(bold('What it rests on')), preformatted(text.slice(0, factsCharactersMax)));
}
