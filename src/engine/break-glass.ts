/**
 * Break-glass: the yes of one person, with a reason, that counts alone after a delay in which anybody may cancel it.
 * Why it is so: docs/adr/0014-break-glass.md
 */
import type { Decision, Gate } from './journal.ts';

/** A word about breaking the glass as the journal has it. */
export interface Announced {
  readonly decision: Decision;
  /** When the journal had it, and with it the channel: the delay counts from here. ISO 8601, UTC. */
  readonly at: string;
}

/** One break-glass with what became of it. */
export interface Glass {
  readonly by: Decision['by'];
  readonly reason: string;
  readonly announcedAt: string;
  /** From when on it counts, unless it is cancelled. */
  readonly takesEffectAt: string;
  readonly cancelledBy?: Decision['by'];
}

/** When somebody who spoke may not now, the list is looked at again this often: a group may have been unreadable for a moment. */
export const listLookAgainMs = 60_000;

/** Whether a decision breaks the glass or cancels that: such a word is announced before it counts. */
export function isAboutGlass({ verdict }: Decision): boolean {
  return verdict === 'break-glass' || verdict === 'cancel-break-glass';
}

/** Each break-glass of a gate, oldest first. One without a reason or a delay is none. */
export function glassesOf(words: readonly Announced[]): readonly Glass[] {
  const glasses: Glass[] = [];
  for (const { decision, at } of words) {
    const { by, reason = '', delayMs = 0 } = decision;
    const last = glasses.at(-1);
    if (decision.verdict === 'cancel-break-glass' && last !== undefined && last.cancelledBy === undefined)
      glasses[glasses.length - 1] = { ...last, cancelledBy: by };
    if (decision.verdict === 'break-glass' && reason !== '' && delayMs > 0)
      glasses.push({ by, reason, announcedAt: at, takesEffectAt: new Date(Date.parse(at) + delayMs).toISOString() });
  }
  return glasses;
}

/** The break-glass that nobody has cancelled, if there is one. */
export function standingGlass(words: readonly Announced[]): Glass | undefined {
  const last = glassesOf(words).at(-1);
  return last?.cancelledBy === undefined ? last : undefined;
}

/** The break-glass that a settled approval rests on, if it does. */
export function brokenBy(decisions: readonly Decision[]): Decision | undefined {
  return decisions.find(({ verdict }) => verdict === 'break-glass');
}

interface Breaking {
  readonly gate: Gate;
  readonly decisions: readonly Decision[];
  readonly words: readonly Announced[];
  readonly now: Date;
  /** Asked at the moment of acting. */
  readonly mayBreakGlass: (by: Decision['by']) => Promise<boolean>;
}

/** What a break-glass amounts to now: nothing, something later (`until`, ISO 8601), or as much as all approvals. */
export type Broken =
  | { readonly state: 'none' }
  | { readonly state: 'later'; readonly until: string }
  | { readonly state: 'now'; readonly decision: Decision };

const none: Broken = { state: 'none' };

/** Judges the break-glass that stands. One that would count only after the gate's expiry never counts; nor does one at a step that need not be done. */
export async function judgeGlass({ gate, decisions, words, now, mayBreakGlass }: Breaking): Promise<Broken> {
  const glass = standingGlass(words);
  if (glass === undefined || gate.otherwise !== undefined || glass.takesEffectAt >= gate.expiresAt) return none;
  const decision = decisions.findLast(({ verdict, by }) => verdict === 'break-glass' && by === glass.by);
  if (decision === undefined || (gate.confirm !== undefined && decision.typed !== gate.confirm)) return none;
  if (now.getTime() < Date.parse(glass.takesEffectAt)) return { state: 'later', until: glass.takesEffectAt };
  if (await mayBreakGlass(glass.by)) return { state: 'now', decision };
  return { state: 'later', until: new Date(now.getTime() + listLookAgainMs).toISOString() };
}
