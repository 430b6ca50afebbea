/** Holds a message against Slack's limits and against what could page or link; and makes hostile text. */
import type { HomeView, KnownBlock, ModalView } from '@slack/types';
import fc from 'fast-check';
import type { Message } from '../../src/slack/blocks/message.ts';
import { charactersOf } from '../../src/slack/blocks/message.ts';
import { limits } from '../../src/slack/limits.ts';

/** Everything wrong with a view; empty when Slack would take it. https://docs.slack.dev/reference/views */
export function faultsOfView(view: HomeView | ModalView): string[] {
  const blocks = view.blocks.flatMap((block) => blockFaults(block as KnownBlock));
  const title = view.type === 'modal' ? view.title.text : '';
  return [
    ...blocks,
    ...(view.blocks.length <= viewBlocksMax ? [] : [`${view.blocks.length} blocks`]),
    ...(title.length <= viewTitleCharactersMax ? [] : [`title “${title}”`]),
    ...((view.private_metadata ?? '').length <= viewMetadataCharactersMax ? [] : ['private_metadata']),
  ];
}

/** https://docs.slack.dev/reference/block-kit/blocks/header-block and input-block */
const headerCharactersMax = 150;
const inputLabelCharactersMax = 2_000;
const viewBlocksMax = 100;
const viewTitleCharactersMax = 24;
const viewMetadataCharactersMax = 3_000;

/** Everything wrong with a message; empty when Slack would take it. */
export function faultsOf({ text, blocks }: Message): string[] {
  const faults: string[] = [];
  const hold = (right: boolean, fault: string) => {
    if (!right) faults.push(fault);
  };
  hold(text.length > 0 && text.length <= limits.messageTextCharacters, `text of ${text.length}`);
  hold(!pages(text), `text pages: ${text}`);
  hold(blocks.length <= limits.blocksPerMessage, `${blocks.length} blocks`);
  hold(charactersOf(blocks) <= limits.messageCharacters, `${charactersOf(blocks)} characters in all`);
  hold(new Set(blocks.map(({ block_id: id }) => id)).size === blocks.length, 'block ids repeat');
  for (const block of blocks) faults.push(...blockFaults(block));
  return faults;
}

/** Everything wrong with one block. */
export function blockFaults(block: KnownBlock): string[] {
  const faults: string[] = [];
  const hold = (right: boolean, fault: string) => {
    if (!right) faults.push(`${block.type}: ${fault}`);
  };
  hold((block.block_id ?? '').length <= limits.idCharacters, 'block id');
  switch (block.type) {
    case 'section':
      hold(
        (block.text?.text.length ?? 0) > 0 && (block.text?.text.length ?? 0) <= limits.sectionTextCharacters,
        `text of ${block.text?.text.length}`,
      );
      hold(!pages(block.text?.text ?? ''), 'pages');
      hold(block.text?.type === 'mrkdwn' && block.text.verbatim === true, 'links what it finds');
      break;
    case 'context':
      hold(block.elements.length > 0 && block.elements.length <= limits.contextElements, `${block.elements.length} elements`);
      for (const element of block.elements) {
        if (element.type !== 'mrkdwn') continue;
        hold(element.text.length > 0 && element.text.length <= limits.contextTextCharacters, 'text');
        hold(!pages(element.text), `pages: ${element.text}`);
      }
      break;
    case 'actions':
      hold(block.elements.length > 0 && block.elements.length <= limits.actionsElements, 'elements');
      for (const element of block.elements) {
        if (element.type !== 'button') continue;
        hold(element.text.text.length > 0 && element.text.text.length <= limits.buttonTextCharacters, `label “${element.text.text}”`);
        hold((element.value ?? '').length <= limits.buttonValueCharacters, 'value');
        hold((element.action_id ?? '').length <= limits.idCharacters, 'action id');
        hold((element.confirm?.title?.text.length ?? 0) <= limits.confirmTitleCharacters, 'confirm title');
        hold((element.confirm?.text.text.length ?? 0) <= limits.confirmTextCharacters, 'confirm text');
        hold((element.confirm?.confirm?.text.length ?? 0) <= limits.confirmButtonCharacters, 'confirm button');
      }
      break;
    case 'rich_text':
      hold(block.elements.length > 0, 'nothing in it');
      for (const section of block.elements) {
        hold(section.elements.length > 0, 'an empty section');
        for (const element of section.elements) {
          if (element.type === 'text')
            hold(element.text.length > 0 && element.text.length <= limits.richTextCharacters, `words of ${element.text.length}`);
          hold(['text', 'emoji', 'user', 'date'].includes(element.type), `a ${element.type} element`);
          hold(element.type !== 'user' || element.user_id !== outsider, 'calls somebody who is not in it');
        }
      }
      break;
    case 'header':
      hold(block.text.text.length > 0 && block.text.text.length <= headerCharactersMax, `header of ${block.text.text.length}`);
      break;
    case 'input':
      hold(block.label.text.length > 0 && block.label.text.length <= inputLabelCharactersMax, `label of ${block.label.text.length}`);
      hold((block.hint?.text.length ?? 0) <= inputLabelCharactersMax, 'hint');
      break;
    default:
      hold(false, 'a block that is not everywhere');
  }
  return faults;
}

/** An id that stands in hostile text alone: nobody of that name is ever to be called. */
export const outsider = 'U0EVERYBODY';
const outsiders = 'S0EVERYBODY';

/** Whether mrkdwn holds anything but mentions of ids of ours and dates: a mention of somebody else, of all, or a link. */
export function pages(text: string): boolean {
  const own = /<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^\d+\^[^<>|]*\|\d\d:\d\d UTC)>/g;
  const strangers = [outsider, outsiders].some((id) => text.includes(`<@${id}`) || text.includes(`^${id}>`));
  return strangers || /[<>]/.test(text.replaceAll(own, ''));
}

const nasty = fc.constantFrom(
  '<!channel>',
  '<!here|x>',
  '@here',
  '<@U0EVERYBODY>',
  '<@U0EVERYBODY|you>',
  '<!subteam^S0EVERYBODY>',
  '<!subteam^S0EVERYBODY|@sre>',
  '<!everyone>',
  '<!date^0^{date}^https://evil.example|soon>',
  '<#C0EVERYWHERE>',
  '@channel',
  '<mailto:a@evil.example|a>',
  '&lt;!channel&gt;',
  '<https://evil.example|click>',
  'https://evil.example',
  '```',
  '`',
  '*',
  '_',
  '~',
  '&',
  '<',
  '>',
  '\u001b[31mred\u001b[0m',
  '\u0000',
  '\u202e',
  '\n',
  '\r\n',
  '\n'.repeat(300),
  '😀',
  '\ud83d',
  ' ',
  '',
);
const piece = fc.oneof(
  nasty,
  fc.string({ maxLength: 20 }),
  fc.tuple(nasty, fc.integer({ min: 1, max: 4_000 })).map(([text, times]) => text.repeat(times).slice(0, 20_000)),
);

/** Text as no one wishes it: long, with markup, colours, control characters and broken characters. */
export const hostile = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
