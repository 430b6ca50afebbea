/** The buttons of a gate: their ids, what they carry, and how that is read back. */
import type { ActionsBlock, Button } from '@slack/types';
import { z } from 'zod';
import type { Gate } from '../../engine/journal.ts';
import { RunId } from '../../ids.ts';
import { limits } from '../limits.ts';
import { plainWithin } from '../text.ts';

/** To break the glass takes a reason, and so words: it has no button. */
const verdicts = ['approve', 'reject', 'retry', 'abort', 'choose', 'cancel-break-glass'] as const;
type Verdict = (typeof verdicts)[number];

/** The action id of each button; they stand in old messages, so they are never renamed. That of a choice goes on with `.<option>`. */
export const gateActions = {
  approve: 'gate.approve',
  reject: 'gate.reject',
  retry: 'gate.retry',
  abort: 'gate.abort',
  choose: 'gate.choose',
  'cancel-break-glass': 'gate.cancel-break-glass',
} as const satisfies Record<Verdict, string>;

/** What a button carries. The digest ties the click to the plan that was shown. */
export const GateValue = z.object({
  gateId: z
    .string()
    .max(limits.idCharacters)
    .refine((text) => RunId.safeParse(text.replace(/\.[^.]*$/, '')).success, 'a gate id is <run>.<number>'),
  verdict: z.enum(verdicts),
  digest: z.string().max(128),
  /** Of a choice. */
  option: z.string().max(limits.idCharacters).exactOptional(),
});
export type GateValue = z.infer<typeof GateValue>;

/** Reads what a button carried; undefined when it is not from one of our cards. */
export function readGateValue(value: unknown): GateValue | undefined {
  if (typeof value !== 'string' || value.length > limits.buttonValueCharacters) return undefined;
  try {
    const parsed = GateValue.safeParse(JSON.parse(value));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One button. */
interface GateButton {
  readonly verdict: Verdict;
  readonly option?: string;
  readonly label: string;
  readonly style?: 'primary' | 'danger';
  /** Asked once more before the click counts: a thumb on a phone slips. */
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

/** The buttons of an open gate, in the order given. */
export function gateButtons(gate: Gate, buttons: readonly GateButton[]): ActionsBlock {
  return { type: 'actions', elements: buttons.map((each) => button(gate, each)) };
}

function button({ gateId, digest }: Gate, { verdict, option, label, style, confirm }: GateButton): Button {
  const value: GateValue = { gateId, verdict, digest, ...(option !== undefined && { option }) };
  return {
    type: 'button',
    action_id: option === undefined ? gateActions[verdict] : `${gateActions[verdict]}.${option}`,
    text: text(label, limits.buttonTextCharacters),
    value: JSON.stringify(value),
    ...(style !== undefined && { style }),
    ...(confirm !== undefined && {
      confirm: {
        title: text(confirm.title, limits.confirmTitleCharacters),
        text: text(confirm.text, limits.confirmTextCharacters),
        confirm: text(confirm.yes, limits.confirmButtonCharacters),
        deny: text('Not yet', limits.confirmButtonCharacters),
      },
    }),
  };
}

function text(words: string, max: number) {
  return { type: 'plain_text' as const, text: plainWithin(words, max).replaceAll('\n', ' ') || '-', emoji: false };
}
