/** The card of a choice: every way there is with what it does, a button for each that is possible, who may choose, until when. */
import type { KnownBlock, SectionBlock } from '@slack/types';
import { wordsFor } from '../../commands/run-words.ts';
import { gateCode } from '../../engine/gate-code.ts';
import type { Gate } from '../../engine/journal.ts';
import type { Option } from '../../engine/step.ts';
import { limits } from '../limits.ts';
import { fallbackTime, moment, truncate } from '../text.ts';
import { gateButtons } from './actions.ts';
import { factsBlock } from './covered.ts';
import { abortButton } from './gate.ts';
import type { CardContext } from './gate.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { someOf } from './people.ts';
import { bold, emoji, lines, prose, rich, words } from './rich.ts';
import { runLabel } from './root.ts';

/** Of all details together; each option gets its share, so that none is left out for another's length. */
const detailsCharactersMax = 6_000;
const detailCharactersMax = 900;
const titleCharactersMax = 150;
/** A block each, beside those of the rest of the card. */
const shownOptionsMax = 30;
/** One place is for Abort. */
const buttonsMax = limits.actionsElements - 1;

/** The card of an open choice. */
export function choiceCard(gate: Gate, card: CardContext): Message {
  const { run } = card.view;
  const { options = [] } = gate;
  const possible = options.filter((option) => option.possible).slice(0, buttonsMax);
  const choosing = possible.map(({ id }) => `\`${id}\``).join(' or ');
  const code = gateCode(gate.gateId);
  return message(
    `Choice needed: ${gate.title}, on ${run.cluster} (${run.runId}, expires ${fallbackTime(gate.expiresAt)}). ${gate.reason}`,
    rich(lines([...emoji('twisted_rightwards_arrows'), ...bold(`Choice needed: ${gate.title}`)])),
    context(runLabel(card.view)),
    rich(lines(prose(gate.reason))),
    ...optionBlocks(options),
    factsBlock(gate.facts),
    callFor(gate, card),
    gateButtons(gate, [
      ...possible.map(({ id, title }, index) => ({
        verdict: 'choose' as const,
        option: id,
        label: title,
        ...(index === 0 && { style: 'primary' as const }),
      })),
      abortButton,
    ]),
    context(
      `Card *${code}*: or type \`/etcd ${wordsFor('choose', gate, run.runId)}\` and ${choosing}, or \`/etcd ${wordsFor('abort', gate, run.runId)}\`; in this thread \`@etcd-medic ${wordsFor('choose', gate)}\` and ${choosing}`,
    ),
  );
}

function optionBlocks(options: readonly Option[]): readonly KnownBlock[] {
  const shown = options.slice(0, shownOptionsMax);
  const share = Math.min(detailCharactersMax, Math.floor(detailsCharactersMax / Math.max(1, shown.length)));
  const left = options.length - shown.length;
  return [
    ...shown.map((option) => rich(lines(heading(option), prose(truncate(option.detail, share))))),
    ...(left > 0 ? [rich(lines(words(`… ${left} more ways: the word \`show\` lists all of them`, { italic: true })))] : []),
  ];
}

/** In the order given: the best way first. */
function heading({ title, possible }: Option) {
  const name = bold(truncate(title, titleCharactersMax));
  return possible
    ? [...emoji('small_blue_diamond'), ...name]
    : [...emoji('no_entry_sign'), ...name, ...words(' — not possible', { italic: true })];
}

function callFor({ expiresAt }: Gate, { operators, approvers }: CardContext): SectionBlock {
  const who = `${someOf([...new Set([...operators, ...approvers])])} may choose; the first choice counts. It approves nothing: what destroys asks again.`;
  const text = `${who}\n*Expires* ${moment(expiresAt, '{time} {date_short_pretty}')}.`;
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, limits.sectionTextCharacters), verbatim: true } };
}
