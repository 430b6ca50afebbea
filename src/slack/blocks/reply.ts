/** The desk's answers as messages to the one person who asked. */
import type { Reply } from '../../commands/reply.ts';
import type { Answer } from '../../procedures/answer.ts';
import { escapeWithin } from '../text.ts';
import { answerMessage } from './answer.ts';
import { message } from './message.ts';
import type { Message } from './message.ts';
import { withNames } from './people.ts';
import type { SectionBlock } from '@slack/types';

const sentenceCharactersMax = 1_400;

/** A refusal: why, and what to do next. `ids` are shown with their names. */
export function refusalMessage(sentence: string, next: string, ids: readonly string[] = []): Message {
  return message(`${sentence} ${next}`.trim(), section(`${sentence}\n${next}`.trim(), ids));
}

/** What the desk says. `ids`: the people and groups that may be named in it. */
export function replyMessage(reply: Exclude<Reply, { kind: 'answer' | 'journal' }>, ids: readonly string[]): Message {
  switch (reply.kind) {
    case 'started':
    case 'asked':
    case 'receipt':
      return message(reply.sentence, section(reply.sentence, ids));
    case 'held':
    case 'confirm':
    case 'refused':
      return refusalMessage(reply.sentence, reply.next, ids);
    default:
      return reply satisfies never;
  }
}

/** An answer of the desk itself, with names in place of the ids in its table. */
export function deskAnswerMessage(answer: Answer, names: ReadonlyMap<string, string>): Message {
  const named = (text: string) => [...names].reduce((all, [id, name]) => all.replaceAll(id, name), text);
  return answerMessage({
    ...answer,
    parts: answer.parts.map((part) => {
      if (part.type === 'table')
        return { type: 'table', table: { ...part.table, rows: part.table.rows.map((row) => row.map((cell) => names.get(cell) ?? cell)) } };
      return part.type === 'sentence' ? { type: 'sentence', text: named(part.text) } : part;
    }),
  });
}

function section(text: string, ids: readonly string[]): SectionBlock {
  return {
    type: 'section',
    text: { type: 'mrkdwn', text: withNames(escapeWithin(text, sentenceCharactersMax), ids).slice(0, 2_990) || '-', verbatim: true },
  };
}
