/** Which messages a run's thread should hold, made from its journal and nothing else. */
import { brokenBy, glassesOf } from '../engine/break-glass.ts';
import type { ExecutedCommand } from '../engine/command.ts';
import type { Decision, Gate, JournalEntry } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import { glassMessage } from './blocks/break-glass.ts';
import { choiceCard } from './blocks/choice.ts';
import { planCharactersMax, planText } from './blocks/covered.ts';
import { approvalCard, failureCard, settledCard } from './blocks/gate.ts';
import type { Message } from './blocks/message.ts';
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

/** Lists the replies of a thread, oldest first. `decisions` are those said at the open gate so far. */
export function wantedReplies(
  view: RunView,
  entries: readonly JournalEntry[],
  people: People,
  decisions: readonly Decision[],
): readonly Wanted[] {
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
        return [card(view, entry.gate, entry.seq, people, decisions)];
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
  const ended = view.state === 'ended' ? { gate, outcome: 'aborted' as const, decisions: [] } : undefined;
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
