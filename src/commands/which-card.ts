/** Which card a typed word is about: the one whose code it names; without a code, the one it must mean, or none. */
import { gateCode } from '../engine/gate-code.ts';
import type { Decision, Gate, GateKind } from '../engine/journal.ts';
import type { GateView, RunView } from '../engine/view.ts';
import { refused } from './reply.ts';
import type { Reply } from './reply.ts';
import { nextAtGate, standing } from './run-words.ts';

type Verdict = Decision['verdict'];

/** Which words fit which gate. */
const wordsAt: Readonly<Record<GateKind, readonly Verdict[]>> = {
  approval: ['approve', 'reject', 'break-glass', 'cancel-break-glass', 'abort'],
  failure: ['retry', 'abort'],
  choice: ['choose', 'abort'],
};

/** A word that comes sooner after its card than this was typed before anybody could have read the card. */
const readingMs = 10_000;
/** For so long after a card was settled, an `abort` may have been meant for that one. */
const justSettledMs = 60_000;

/** What was typed of it: the word, and the code of a card when one was named. */
export interface Meaning {
  readonly verdict: Verdict;
  readonly code?: string | undefined;
}

/** Whether a word is one that a gate takes. */
export function fits({ kind }: Pick<Gate, 'kind'>, verdict: Verdict): boolean {
  return wordsAt[kind].includes(verdict);
}

/**
 * Why a word cannot be taken for the open gate; nothing when there is no doubt that it is meant. Whoever names its code means it. Without a code
 * - `cancel-break-glass` always counts: it only takes a yes away;
 * - `abort` is about the run, so it counts unless another card of the run was settled within the last minute;
 * - all others count only when no other card of this run ever took that word, and this one has stood for ten seconds.
 */
export function unclear(view: RunView, gate: Gate, { verdict, code }: Meaning, now: Date): Reply | undefined {
  if (code === gateCode(gate.gateId)) return undefined;
  if (code !== undefined) return anotherCard(view, code);
  const doubt = doubtOf(view, gate, verdict, now.getTime());
  return doubt === undefined ? undefined : refused('INPUT_INVALID', `${doubt} Nothing was recorded.`, openNow(view));
}

/** That the card which was named is not open: what became of it, and which one is open now. */
export function anotherCard(view: RunView, code: string): Reply {
  const named = view.gates.find(({ gate }) => gateCode(gate.gateId) === code);
  if (named === undefined)
    return refused(
      'INPUT_INVALID',
      `\`${code}\` is the code of no card of ${view.run.runId}; nothing was recorded.`,
      view.openGate === undefined ? 'The code stands on the card.' : openNow(view),
    );
  return refused('GATE_CLOSED', `${became(named)}; nothing was recorded.`, openNow(view));
}

function doubtOf({ run: { runId }, gates }: RunView, gate: Gate, verdict: Verdict, nowMs: number): string | undefined {
  if (verdict === 'cancel-break-glass') return undefined;
  const others = gates.filter((one) => one.gate.gateId !== gate.gateId && fits(one.gate, verdict));
  if (verdict === 'abort') {
    const latest = others.findLast(({ settledAt }) => settledAt !== undefined && nowMs - Date.parse(settledAt) < justSettledMs);
    return latest === undefined ? undefined : `${became(latest)}, so \`abort\` takes the code of the card that is open now.`;
  }
  if (others.length > 0)
    return `${runId} has had more than one card that takes \`${verdict}\`, so the code of the card must be typed with it.`;
  const stoodMs = nowMs - Date.parse(gate.openedAt);
  if (stoodMs >= readingMs) return undefined;
  return `The card of “${gate.title}” came less than ${readingMs / 1000} seconds ago: read it, and type its code with \`${verdict}\`.`;
}

function became({ gate, outcome, settledAt }: GateView): string {
  const when = settledAt === undefined ? '' : ` at ${settledAt.slice(11, 19)} UTC`;
  return `Card ${gateCode(gate.gateId)}, “${gate.title}”, is settled already (${outcome ?? 'the run has ended'}${when})`;
}

function openNow(view: RunView): string {
  const { openGate: gate, run } = view;
  if (gate === undefined) return `No card is open: ${run.runId} ${standing(view)}.`;
  return `Open now is “${gate.title}”. Read that card, then say ${nextAtGate(run.runId, gate)}.`;
}
