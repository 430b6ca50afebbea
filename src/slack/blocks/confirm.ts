/** The window that asks for the name of the cluster before a yes counts: which step, what is lost, and the field. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Gate } from '../../engine/journal.ts';
import { ClusterName } from '../../ids.ts';
import { limits } from '../limits.ts';
import { truncate } from '../text.ts';
import { GateValue } from './actions.ts';
import { bold, lines, preformatted, prose, rich } from './rich.ts';

/** The id of the window; it stands in open ones, so it is never renamed. */
export const confirmCallback = 'gate.confirm';
/** Where the name is typed. */
export const confirmField = { block: 'cluster', action: 'name' } as const;

const titleCharactersMax = 300;
const lossCharactersMax = 1_400;
const factsCharactersMax = 1_500;
/** Longer than any name, so that a wrong one is answered in words and not cut. */
const typedCharactersMax = 100;

/** What the window carries: the gate and plan it was opened for, and where the answer goes. */
const ConfirmMetadata = z.object({
  value: GateValue,
  cluster: ClusterName,
  channel: z.object({ id: z.string().max(limits.idCharacters), name: z.string().max(limits.idCharacters).exactOptional() }),
  threadTs: z.string().max(limits.idCharacters).exactOptional(),
});
export type ConfirmMetadata = z.infer<typeof ConfirmMetadata>;

/** Reads what a window carried; undefined when it is not one of ours. */
export function readConfirmMetadata(text: string): ConfirmMetadata | undefined {
  if (text.length > limits.privateMetadataCharacters) return undefined;
  try {
    const parsed = ConfirmMetadata.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Builds the window. https://docs.slack.dev/reference/views/modal-views */
export function confirmView(gate: Pick<Gate, 'title' | 'reason' | 'attests' | 'facts'>, metadata: ConfirmMetadata): ModalView {
  const { title, reason, attests, facts } = gate;
  const { cluster } = metadata;
  const lost = truncate(attests ?? reason, lossCharactersMax);
  const shown = Object.entries(facts).map(([name, value]) => `${name}: ${value.replaceAll(/\s+/g, ' ')}`);
  return {
    type: 'modal',
    callback_id: confirmCallback,
    private_metadata: JSON.stringify(metadata),
    title: words(attests === undefined ? 'Approve this step' : 'Attest this'),
    submit: words(attests === undefined ? 'Approve' : 'I attest this'),
    close: words('Not yet'),
    blocks: [
      rich(
        lines(bold(truncate(title, titleCharactersMax)), [
          ...bold(attests === undefined ? 'What is lost: ' : 'What you vouch for: '),
          ...prose(lost),
        ]),
      ),
      ...(shown.length === 0 ? [] : [rich(preformatted(shown.join('\n').slice(0, factsCharactersMax)))]),
      {
        type: 'input',
        block_id: confirmField.block,
        label: words(`Type the name of the cluster, ${cluster}`),
        element: { type: 'plain_text_input', action_id: confirmField.action, max_length: typedCharactersMax, focus_on_load: true },
      },
    ],
  };
}

function words(text: string) {
  return { type: 'plain_text' as const, text, emoji: false };
}
