/** Which messages a run's thread should hold, made from its journal and nothing else. */
import { brokenBy, glassesOf } from '../engine/break-glass.ts';
import type { ExecutedCommand } from '../engine/command.ts';
import type { Decision, Gate, JournalEntry } from '../engine/journal.ts';
import { dueReminder } from '../engine/reminders.ts';
import type { RunView } from '../engine/view.ts';
import { glassMessage } from './blocks/break-glass.ts';
import { choiceCard } from './blocks/choice.ts';
import { planCharactersMax, planText } from './blocks/covered.ts';
import { approvalCard, failureCard, settledCard } from './blocks/gate.ts';
import type { Message } from './blocks/message.ts';
import { callsPeople, reminderMessage } from './blocks/reminder.ts';
import { failureReply, stepReply } from './blocks/step.ts';
import { summaryMessage } from './blocks/summary.ts';

/** A message the thread should hold. */
export interface Wanted {
  /** By the entry's place in the journal, so that it is posted once however often the run is rendered. */
  readonly key: string;
  readonly message: Message;
  /** Shown in the channel too: a person is needed. */
  readonly broadcast: boolean;
  /** Whether it changes after it was posted. */
  readonly live: boolean;
  /** A text that is too long for the card, to be added before it. */
  readonly file?: { readonly name: string; readonly title: string; readonly text: string };
}

/** The people of the run's cluster. */
export interface People {
  readonly approvers: readonly string[];
  readonly operators: readonly string[];
  /** Whether somebody may break the glass, and how long that can be cancelled. */
  readonly breakGlassDelayMs?: number;
}

/** What is not in the journal: what was said at the open gate so far, and the time. */
export interface Present {
  readonly decisions: readonly Decision[];
  readonly now: Date;
}

/** Lists the replies of a thread, oldest first. */
export function wantedReplies(view: RunView, entries: readonly JournalEntry[], people: People, present: Present): readonly Wanted[] {
  return entries.flatMap((entry, index): Wanted[] => {
    switch (entry.type) {
      case 'step-settled':
        return [
          fixed(
            `step:${entry.seq}`,
            stepReply(titleOf(view, entry.stepId), entry, commandsOf(entries, index, entry.stepId), decidersOf(view, entry.stepId)),
          ),
        ];
      case 'step-failed':
        return isGated(entries, index, view) ? [] : [fixed(`step:${entry.seq}`, failureReply(titleOf(view, entry.stepId), entry))];
      case 'gate-opened':
        return [card(view, entry.gate, entry.seq, people, present.decisions), ...reminders(view, entry, people, present)];
      case 'gate-said':
        return entry.decision.verdict === 'break-glass' ? glass(view, entry, people) : [];
      case 'run-ended':
        return [fixed(`end:${entry.seq}`, summaryMessage(view))];
      default:
        return [];
    }
  });
}

function fixed(key: string, message: Message): Wanted {
  return { key, message, broadcast: false, live: false };
}

const openCards = { approval: approvalCard, failure: failureCard, choice: choiceCard } as const;

function card(view: RunView, gate: Gate, seq: number, people: People, decisions: readonly Decision[]): Wanted {
  const settled = view.gates.find((one) => one.gate.gateId === gate.gateId && one.outcome !== undefined);
  // Ended past its gate, by a fault of ours: nobody decided, but the time is known.
  const ended =
    view.state === 'ended'
      ? { gate, outcome: 'aborted' as const, decisions: [], ...(view.endedAt !== undefined && { settledAt: view.endedAt }) }
      : undefined;
  const context = { view, ...people, decisions };
  const text = planText(gate.plan);
  return {
    key: `gate:${seq}`,
    message:
      settled !== undefined || ended !== undefined
        ? settledCard(settled ?? { gate, decisions: [], ...ended }, context)
        : openCards[gate.kind](gate, context),
    broadcast: settled === undefined && ended === undefined,
    live: true,
    ...(text.length > planCharactersMax && {
      file: { name: `plan-${gate.gateId}.txt`, title: `The whole plan of “${gate.title}”`, text: `${text}\n` },
    }),
  };
}

/** A break-glass is loud at once, and is kept at what became of it. */
function glass(view: RunView, { gateId, seq, at }: Extract<JournalEntry, { type: 'gate-said' }>, people: People): Wanted[] {
  const one = view.gates.find(({ gate }) => gate.gateId === gateId);
  const broken = glassesOf(one?.said ?? []).find(({ announcedAt }) => announcedAt === at);
  if (one === undefined || broken === undefined) return [];
  const { gate, outcome, decisions } = one;
  const counted = broken.cancelledBy === undefined && brokenBy(decisions)?.by === broken.by;
  const message = glassMessage(gate, broken, { view, approvers: people.approvers, outcome, counted });
  const standing = broken.cancelledBy === undefined && outcome === undefined && view.state !== 'ended';
  return [{ key: `glass:${seq}`, message, broadcast: standing, live: true }];
}

/** At an open gate that still needs people: the reminder that is due. It stands beside the card's key, so each is posted once. */
function reminders(
  view: RunView,
  { gate, seq }: Extract<JournalEntry, { type: 'gate-opened' }>,
  people: People,
  { decisions, now }: Present,
): readonly Wanted[] {
  if (view.openGate?.gateId !== gate.gateId || isAnswered(gate, decisions)) return [];
  const due = dueReminder(gate, now);
  if (due === undefined) return [];
  const message = reminderMessage(gate, due, { view, ...people, decisions });
  return [{ key: `remind-${due}:${seq}`, message, broadcast: callsPeople(gate, due), live: false }];
}

/** Enough was said, and the worker that will act on it has yet to look. */
function isAnswered({ required }: Gate, decisions: readonly Decision[]): boolean {
  const yes = decisions.filter(({ verdict }) => verdict === 'approve').length;
  return yes >= required || decisions.some(({ verdict }) => verdict === 'reject' || verdict === 'abort');
}

/** A failed step has its card when a gate follows; until that is written there is nothing to say yet. */
function isGated(entries: readonly JournalEntry[], index: number, view: RunView): boolean {
  const next = entries[index + 1];
  if (next === undefined) return view.state !== 'ended';
  return next.type === 'gate-opened' && next.gate.kind === 'failure';
}

/** What was carried out for a step since it last began. */
function commandsOf(entries: readonly JournalEntry[], index: number, stepId: string): readonly ExecutedCommand[] {
  const begun = entries.slice(0, index).findLastIndex((entry) => entry.type === 'step-started' && entry.stepId === stepId);
  return entries
    .slice(Math.max(0, begun), index)
    .flatMap((entry) => (entry.type === 'command' && entry.stepId === stepId ? [entry.command] : []));
}

/** Who spoke at the gates of a step: a note may name them. */
function decidersOf({ gates }: RunView, stepId: string): readonly string[] {
  return gates.flatMap(({ gate, decisions }) => (gate.stepId === stepId ? decisions.map(({ by }) => by) : []));
}

function titleOf(view: RunView, stepId: string): string {
  return view.steps.find(({ id }) => id === stepId)?.title ?? stepId;
}
