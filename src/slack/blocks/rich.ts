/** Rich text: what stands in it is never read as markup, so text from a host or a key can neither link nor page. */
import type { RichTextBlock, RichTextElement, RichTextPreformatted, RichTextSection } from '@slack/types';
import { plain, plainWithin, truncate } from '../text.ts';
import { limits } from '../limits.ts';

/** A paragraph longer than this is not read at 3 am. */
const proseCharactersMax = 1_500;

/** A piece of a line. */
export type Inline = RichTextElement;

/** Words. Slack refuses empty ones, so those become nothing. */
export function words(text: string, style?: { readonly bold?: boolean; readonly italic?: boolean; readonly code?: boolean }): Inline[] {
  const shown = plainWithin(text, proseCharactersMax);
  return shown === '' ? [] : [{ type: 'text', text: shown, ...(style !== undefined && { style: { ...style } }) }];
}

/** Words in bold. */
export function bold(text: string): Inline[] {
  return words(text, { bold: true });
}

/** A sentence in which what stands between backticks is code. */
export function prose(text: string): Inline[] {
  return plainWithin(text, proseCharactersMax)
    .split(/`([^`\n]+)`/)
    .flatMap((part, index) => words(part, index % 2 === 1 ? { code: true } : undefined));
}

/** Puts people in place of their ids. @param ids of users, from decisions */
export function named(line: readonly Inline[], ids: readonly string[]): Inline[] {
  const known = [...new Set(ids)].filter((id) => /^[UW][A-Z0-9]+$/.test(id));
  if (known.length === 0) return [...line];
  const pattern = new RegExp(`\\b(${known.join('|')})\\b`);
  return line.flatMap((piece): Inline[] => {
    if (piece.type !== 'text') return [piece];
    return piece.text
      .split(pattern)
      .flatMap((part, index): Inline[] =>
        index % 2 === 1 ? [{ type: 'user', user_id: part }] : part === '' ? [] : [{ ...piece, text: part }],
      );
  });
}

/** A picture in front of a line; never the only sign of a state. */
export function emoji(name: string): Inline[] {
  return [
    { type: 'emoji', name },
    { type: 'text', text: ' ' },
  ];
}

/** Lines, one under the other. */
export function lines(...all: readonly (readonly Inline[])[]): RichTextSection {
  const elements = all
    .filter((line) => line.length > 0)
    .flatMap((line, index): Inline[] => (index === 0 ? [...line] : [{ type: 'text', text: '\n' }, ...line]));
  return { type: 'rich_text_section', elements };
}

/** Text in a fixed width, as it is. */
export function preformatted(text: string): RichTextPreformatted {
  const shown = plainWithin(text.trimEnd(), limits.richTextCharacters).trimEnd();
  return { type: 'rich_text_preformatted', elements: [{ type: 'text', text: shown === '' ? '(nothing)' : shown }] };
}

/** A block of lines and preformatted text. */
export function rich(...elements: readonly (RichTextSection | RichTextPreformatted)[]): RichTextBlock {
  return { type: 'rich_text', elements: elements.filter((element) => element.elements.length > 0) };
}

/** Splits lines over several texts, none longer than `max` characters; a line that is longer alone is cut. */
export function chunks(text: string, max: number): readonly string[] {
  const result: string[] = [];
  let current = '';
  for (const line of plain(text).trimEnd().split('\n')) {
    const next = truncate(line, max);
    if (current !== '' && current.length + 1 + next.length > max) {
      result.push(current);
      current = next;
    } else {
      current = current === '' ? next : `${current}\n${next}`;
    }
  }
  return current === '' ? result : [...result, current];
}
