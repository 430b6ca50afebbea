/** What is said loudly when somebody breaks the glass: who, why, from when on it counts, and the button that cancels it. */
import type { SectionBlock } from '@slack/types';
import type { Glass } from '../../engine/break-glass.ts';
import type { Gate, GateOutcome } from '../../engine/journal.ts';
import type { RunView } from '../../engine/view.ts';
import { limits } from '../limits.ts';
import { duration, fallbackTime, moment } from '../text.ts';
import { gateButtons } from './actions.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { mention, someOf } from './people.ts';
import { bold, emoji, lines, prose, rich, words } from './rich.ts';
import { runLabel } from './root.ts';

/** What is shown beside the break-glass. */
export interface GlassContext {
  readonly view: RunView;
  readonly approvers: readonly string[];
  /** What became of its gate, when that is settled. */
  readonly outcome: GateOutcome | undefined;
  /** Whether the gate was approved by this very break-glass. */
  readonly counted: boolean;
}

/** Builds the message: with its button while it stands, and with what became of it afterwards. */
export function glassMessage(gate: Gate, glass: Glass, card: GlassContext): Message {
  const { view } = card;
  const end = endOf(glass, card);
  const where = `${gate.title}, on ${view.run.cluster} (${view.run.runId})`;
  const about: readonly (readonly [string, string])[] = [
    ['Why: ', glass.reason],
    gate.attests === undefined ? ['What is lost: ', gate.reason] : ['To be attested: ', gate.attests],
  ];
  return message(
    end === undefined
      ? `Break-glass: ${where}, will be approved by one person alone at ${fallbackTime(glass.takesEffectAt)} unless it is cancelled. Why: ${glass.reason}`
      : `Break-glass ${end.word}: ${where}. Why it was asked: ${glass.reason}`,
    rich(
      lines(
        [
          ...emoji(end?.emoji ?? 'rotating_light'),
          ...bold(`Break-glass${end === undefined ? '' : ` ${end.word}`}: `),
          ...words(gate.title),
        ],
        ...about.map(([name, text]) => [...bold(name), ...prose(text)]),
      ),
    ),
    section(end === undefined ? `${callOf(glass)}\n${alarm(card)}` : `${callOf(glass)}\n${end.sentence}`),
    ...(end === undefined ? [gateButtons(gate, [{ verdict: 'cancel-break-glass', label: 'Cancel it', style: 'danger' }])] : []),
    context(runLabel(view), ...(end === undefined ? [`Or type \`/etcd cancel-break-glass ${view.run.runId}\``] : [])),
  );
}

function callOf({ by, announcedAt, takesEffectAt }: Glass): string {
  const delayMs = Date.parse(takesEffectAt) - Date.parse(announcedAt);
  return `${mention(by)} broke the glass at ${moment(announcedAt)}: from ${moment(takesEffectAt, '{time_secs}')} on (${duration(delayMs)} later) this one yes is enough.`;
}

function alarm({ approvers, view }: GlassContext): string {
  return `*Anybody here who may look at ${view.run.cluster} may cancel it until then.* ${approvers.length === 0 ? '' : `${someOf(approvers)}: approve, reject or cancel.`}`.trim();
}

interface End {
  readonly emoji: string;
  readonly word: string;
  readonly sentence: string;
}

function endOf({ cancelledBy }: Glass, { outcome, counted, view }: GlassContext): End | undefined {
  if (cancelledBy !== undefined) return { emoji: 'no_entry_sign', word: 'cancelled', sentence: `Cancelled by ${mention(cancelledBy)}.` };
  if (outcome === 'approved' && counted)
    return { emoji: 'rotating_light', word: 'used', sentence: 'Nobody cancelled it: the step was approved by it.' };
  const came = outcome ?? (view.state === 'ended' ? view.outcome : undefined);
  return came === undefined
    ? undefined
    : { emoji: 'heavy_minus_sign', word: 'not needed any more', sentence: `It came to nothing: the gate was settled before (${came}).` };
}

function section(text: string): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, limits.sectionTextCharacters), verbatim: true } };
}
