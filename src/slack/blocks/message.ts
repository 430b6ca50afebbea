/** A message as it is handed to Slack: the sentence that decides, its blocks, and the same in plain words. */
import { createHash } from 'node:crypto';
import type { ContextBlock, KnownBlock, RichTextBlock, RichTextElement, RichTextSection } from '@slack/types';
import { limits } from '../limits.ts';
import { escapeWithin, truncateEscaped } from '../text.ts';

/** What can be posted. `digest` changes exactly when what is shown does. */
export interface Message {
  /** What a notification and a screen reader say. Escaped. */
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  readonly digest: string;
}

/**
 * Makes a message that Slack takes: never too many blocks, never too long together, and with block ids that are new
 * whenever the content is, as `chat.update` asks for (https://docs.slack.dev/reference/block-kit/blocks).
 * @param sentence plain text; escaped here
 */
export function message(sentence: string, ...parts: readonly (KnownBlock | undefined)[]): Message {
  const text = escapeWithin(sentence, limits.messageTextCharacters) || '-';
  const blocks = fit(parts.filter((block): block is KnownBlock => block !== undefined && !isEmpty(block)));
  const digest = createHash('sha256')
    .update(JSON.stringify([text, blocks]))
    .digest('hex')
    .slice(0, 16);
  return { text, blocks: blocks.map((block, index) => ({ ...block, block_id: `${digest}.${index}` })), digest };
}

/** Slack refuses a rich text with nothing in it. */
function isEmpty(block: KnownBlock): boolean {
  return block.type === 'rich_text' && block.elements.length === 0;
}

/** Small grey words below. Takes mrkdwn that is escaped already. */
export function context(...texts: readonly string[]): ContextBlock | undefined {
  const elements = texts
    .filter((text) => text !== '')
    .slice(0, limits.contextElements)
    .map((text) => ({ type: 'mrkdwn' as const, text: truncateEscaped(text, limits.contextTextCharacters), verbatim: true }));
  return elements.length === 0 ? undefined : { type: 'context', elements };
}

/** The message without blocks, for a Slack that refuses them: what the blocks say, in plain words. */
export function withoutBlocks({ text, blocks }: Message): string {
  return truncateEscaped([text, ...blocks.map(wordsOf).filter(Boolean)].join('\n'), limits.messageTextCharacters);
}

/** Keeps what acts (buttons stand last) and leaves out from the middle what does not fit. */
function fit(blocks: readonly KnownBlock[]): readonly KnownBlock[] {
  const kept = [...blocks];
  const tooMuch = () => kept.length > limits.blocksPerMessage || charactersOf(kept) > limits.messageCharacters;
  while (tooMuch()) {
    const at = kept.findLastIndex((block, index) => index > 0 && block.type === 'rich_text');
    if (at === -1) break;
    kept.splice(at, 1);
    const note = {
      type: 'context' as const,
      elements: [{ type: 'mrkdwn' as const, text: 'Not all of it fits into a message; the whole stands in the file of the run.' }],
    };
    if (!kept.some((block) => block.type === 'context' && JSON.stringify(block) === JSON.stringify(note))) kept.splice(at, 0, note);
  }
  return kept;
}

/** How many characters of text the blocks hold. */
export function charactersOf(blocks: readonly KnownBlock[]): number {
  return blocks.reduce((sum, block) => sum + wordsOf(block).length, 0);
}

function wordsOf(block: KnownBlock): string {
  if (block.type === 'rich_text') return richWords(block);
  if (block.type === 'context') return block.elements.map((element) => ('text' in element ? element.text : '')).join(' ');
  return block.type === 'section' ? (block.text?.text ?? '') : '';
}

function richWords({ elements }: RichTextBlock): string {
  return elements.map((section) => piecesOf(section).map(wordsIn).join('')).join('\n');
}

function piecesOf(section: RichTextBlock['elements'][number]): readonly (RichTextElement | RichTextSection)[] {
  return section.elements;
}

function wordsIn(piece: RichTextElement | RichTextSection): string {
  return piece.type === 'text' ? escapeWithin(piece.text, limits.richTextCharacters) : '';
}
