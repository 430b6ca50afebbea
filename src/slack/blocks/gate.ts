/** The gate card: what will be done, where, what is lost, what it rests on, who may say yes, how many, until when. */
import type { SectionBlock } from '@slack/types';
import { gateCode } from '../../engine/gate-code.ts';
import type { Decision, Gate, GateOutcome } from '../../engine/journal.ts';
import { brokenBy, standingGlass } from '../../engine/break-glass.ts';
import type { GateView, RunView } from '../../engine/view.ts';
import { wordsFor } from '../../commands/run-words.ts';
import { limits } from '../limits.ts';
import { duration, fallbackTime, firstLines, moment } from '../text.ts';
import { gateButtons } from './actions.ts';
import { byHandBlocks } from './by-hand.ts';
import { factsBlock, planBlocks } from './covered.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { list, mention, someOf } from './people.ts';
import { bold, emoji, lines, named, preformatted, prose, rich, words } from './rich.ts';
import { runLabel } from './root.ts';
import { gateLooks } from './states.ts';

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
  /** How long a break-glass can be cancelled, where config.yaml lets somebody break the glass. */
  readonly breakGlassDelayMs?: number;
}

/** The card of an open approval gate; an attestation is one that carries nothing out. */
export function approvalCard(gate: Gate, card: CardContext): Message {
  const { view } = card;
  const { run } = view;
  const asks = asksFor(gate);
  const about = gate.attests === undefined ? `Lost: ${gate.reason}` : `To be attested: ${gate.attests}`;
  return message(
    `${asks}: ${gate.title}, on ${run.cluster} (${run.runId}, expires ${fallbackTime(gate.expiresAt)}). ${about}`,
    rich(lines([...emoji('raised_hand'), ...bold(`${asks}: ${gate.title}`)])),
    context(runLabel(view)),
    rich(
      lines(
        ...(gate.attests === undefined
          ? [[...bold('What is lost: '), ...prose(gate.reason)]]
          : [
              [...bold('To be attested: '), ...prose(gate.attests)],
              [...bold('Why it is asked: '), ...prose(gate.reason)],
            ]),
        gate.otherwise === undefined ? [] : [...bold('If nobody approves: '), ...prose(gate.otherwise)],
      ),
    ),
    ...planBlocks(gate.plan),
    factsBlock(gate.facts),
    callFor(gate, card),
    approvalButtons(gate),
    context(typedWords(gate, run.runId, ['approve']), ...aloneWords(gate, card)),
  );
}

/** The code of the card, and the words that answer it: the whole in a channel, the short ones in its thread. */
export function typedWords(gate: Gate, run: string, verdicts: readonly Decision['verdict'][]): string {
  const whole = verdicts.map((verdict) => `\`/etcd ${wordsFor(verdict, gate, run)}\``).join(' or ');
  const short = verdicts.map((verdict) => `\`@etcd-medic ${wordsFor(verdict, gate)}\``).join(' or ');
  return `Card *${gateCode(gate.gateId)}*: or type ${whole}; in this thread ${short}`;
}

/** How whoever is listed for it goes on when nobody is there to approve. */
function aloneWords(gate: Gate, { view, breakGlassDelayMs }: CardContext): readonly string[] {
  if (breakGlassDelayMs === undefined || gate.otherwise !== undefined) return [];
  return [
    `Nobody there to approve? Who is listed for it: \`/etcd ${wordsFor('break-glass', gate, view.run.runId)} &lt;reason&gt;\`; it counts after ${duration(breakGlassDelayMs)} unless cancelled`,
  ];
}

function asksFor({ attests, otherwise }: Gate): string {
  if (attests !== undefined) return 'Attestation needed';
  return otherwise === undefined ? 'Approval needed' : 'Optional, if approved';
}

/** How many are needed, of whom, who has, until when: in mrkdwn, because a mention there is sure to reach the people. */
function callFor({ gateId, required, expiresAt, confirm }: Gate, { view, approvers, decisions }: CardContext): SectionBlock {
  const asker = view.run.requester.user;
  const said = decisions.filter(({ verdict }) => verdict === 'approve');
  const others = approvers.filter((id) => id !== asker);
  const needed = `*${required === 1 ? 'One approval is' : `${required} approvals are`} needed* from ${others.length === 0 ? 'an approver, and none is listed' : someOf(others)}`;
  const notFrom = approvers.some((id) => id === asker || id.startsWith('S')) ? `; not from ${mention(asker)}, who asked` : '';
  const has =
    said.length === 0
      ? ''
      : `\n*${said.length} of ${required}* so far: ${list(said.map(({ by, at }) => `${mention(by)} at ${moment(at)}`))}.`;
  const glass = standingGlass(view.gates.find(({ gate }) => gate.gateId === gateId)?.said ?? []);
  const alone =
    glass === undefined
      ? ''
      : `\n*Break-glass* of ${mention(glass.by)}: counts alone from ${moment(glass.takesEffectAt, '{time_secs}')} on, unless it is cancelled.`;
  const typing = confirm === undefined ? '' : ` The approver types the cluster’s name, \`${confirm}\`.`;
  const text = `${needed}${notFrom}.${typing}${has}${alone}\n*Expires* ${moment(expiresAt, '{time} {date_short_pretty}')}.`;
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, limits.sectionTextCharacters), verbatim: true } };
}

function approvalButtons(gate: Gate) {
  const { title, attests, reason, confirm } = gate;
  // Where a name must be typed the click opens a window, which says it all once more.
  if (confirm !== undefined)
    return gateButtons(gate, [
      { verdict: 'approve', label: attests === undefined ? 'Approve …' : 'I attest this …', style: 'danger' },
      { verdict: 'reject', label: 'Reject' },
    ]);
  if (attests !== undefined)
    return gateButtons(gate, [
      {
        verdict: 'approve',
        label: 'I attest this',
        style: 'danger',
        confirm: { title: 'Do you know this to be so?', text: attests, yes: 'I attest this' },
      },
      { verdict: 'reject', label: 'Reject' },
    ]);
  const optional = gate.otherwise !== undefined;
  const short = title.length <= shortLabelCharacters ? title : undefined;
  return gateButtons(gate, [
    {
      verdict: 'approve',
      label: optional ? (short ?? 'Yes, do it') : 'Approve',
      style: 'danger',
      confirm: {
        title: optional ? 'Are you sure?' : 'Approve this?',
        text: `${title}. Lost: ${reason}`,
        yes: optional ? 'Yes, do it' : 'Approve',
      },
    },
    { verdict: 'reject', label: optional ? 'No, leave it as it is' : 'Reject' },
  ]);
}

/** Ends the run, asked once more. */
export const abortButton = {
  verdict: 'abort',
  label: 'Abort',
  confirm: { title: 'Abort this run?', text: 'What is done stays done; what is left is not done.', yes: 'Abort' },
} as const;

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
    ...byHandBlocks(gate, view),
    context(
      `${someOf([...new Set([...operators, ...approvers])])} may decide. Nothing more is done until then; ${run.cluster} stays held. Ends by itself ${moment(gate.expiresAt, '{time} {date_short_pretty}')}.`,
    ),
    gateButtons(gate, [{ verdict: 'retry', label: 'Retry', style: 'primary' }, abortButton]),
    context(typedWords(gate, run.runId, ['retry', 'abort'])),
  );
}

/** An offer that was not taken up is no refusal; and a word given for a fact is no leave to act. */
function lookOf({ otherwise, attests }: Gate, outcome: GateOutcome, decisions: readonly Decision[]) {
  if (outcome === 'approved' && brokenBy(decisions) !== undefined)
    return { emoji: 'rotating_light', word: `${attests === undefined ? 'Approved' : 'Attested'} by break-glass` };
  if (outcome === 'rejected' && otherwise !== undefined) return { emoji: 'heavy_minus_sign', word: 'Declined' };
  if (outcome === 'approved' && attests !== undefined) return { ...gateLooks.approved, word: 'Attested' };
  return gateLooks[outcome];
}

function whatWasSettled({ kind, title, options }: Gate, outcome: GateOutcome, decisions: readonly Decision[]): string {
  if (kind === 'failure') return `“${title}” had failed`;
  if (outcome !== 'chosen') return title;
  const chosen = decisions.find(({ verdict }) => verdict === 'choose')?.option;
  return options?.find(({ id }) => id === chosen)?.title ?? title;
}

/** The card of a gate that is settled: the outcome, who and when, and no buttons. */
export function settledCard(
  { gate, outcome = 'expired', decisions, difference, settledAt }: GateView & { readonly settledAt?: string },
  { view }: Pick<CardContext, 'view'>,
): Message {
  const look = lookOf(gate, outcome, decisions);
  const by = decisions.map(
    ({ by: user, at, verdict }) => `${mention(user)}${verdict === 'break-glass' ? ' (break-glass)' : ''} at ${moment(at)}`,
  );
  const glass = outcome === 'approved' ? brokenBy(decisions) : undefined;
  const who =
    by.length > 0
      ? `${look.word}${glass === undefined ? ' by ' : ': '}${list(by)}`
      : `${look.word}${settledAt === undefined ? '' : ` at ${moment(settledAt)}`}`;
  const what = whatWasSettled(gate, outcome, decisions);
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
        gate.attests === undefined ? [] : prose(gate.attests),
        glass === undefined
          ? []
          : [...bold('Break-glass: '), ...named(prose(`${glass.by} alone, because: ${glass.reason ?? ''}`), [glass.by])],
        gate.kind === 'failure' ? prose(firstLines(gate.reason, 2)) : [],
      ),
    ),
    moved,
    context(`${who}  ·  ${runLabel(view)}`),
    ...(gate.kind === 'approval' && outcome === 'approved' ? planBlocks(gate.plan, 'What was approved') : []),
  );
}
