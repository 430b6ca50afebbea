/** The answer to a question: the sentence that decides, its tables, and the next right action. */
import type { KnownBlock } from '@slack/types';
import type { Answer, AnswerPart } from '../../procedures/answer.ts';
import { escapeWithin } from '../text.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { bold, chunks, lines, preformatted, prose, rich } from './rich.ts';
import { drawTable } from './table.ts';

const partCharactersMax = 2_800;
const verbatimChunksMax = 3;
const footCharactersMax = 500;

/** Builds the message of an answer. @param foot a small line below, plain text */
export function answerMessage({ headline, parts, next }: Answer, foot = ''): Message {
  return message(
    `${headline}${next === undefined ? '' : ` Next: ${next}`}`,
    rich(lines(bold(headline))),
    ...partBlocks(parts),
    next === undefined ? undefined : rich(lines([...bold('Next: '), ...prose(next)])),
    context(escapeWithin(foot, footCharactersMax)),
  );
}

/** Sentences that follow each other stand together; tables and host text stand in a fixed width. */
function partBlocks(parts: readonly AnswerPart[]): readonly KnownBlock[] {
  const blocks: KnownBlock[] = [];
  let sentences: string[] = [];
  const flush = () => {
    if (sentences.length > 0) blocks.push(rich(lines(...sentences.map(prose))));
    sentences = [];
  };
  for (const part of parts) {
    if (part.type === 'sentence') {
      sentences.push(part.text);
      continue;
    }
    flush();
    if (part.type === 'table') blocks.push(rich(preformatted(drawTable(part.table, partCharactersMax))));
    else blocks.push(...verbatim(part.text));
  }
  flush();
  return blocks;
}

function verbatim(text: string): readonly KnownBlock[] {
  const all = chunks(text, partCharactersMax);
  const shown = all.slice(0, verbatimChunksMax);
  const left = all.slice(verbatimChunksMax).join('\n').length;
  return shown.map((chunk, index) =>
    rich(
      preformatted(
        left > 0 && index === shown.length - 1 ? `${chunk.slice(0, partCharactersMax - 60)}\n… (${left} more characters)` : chunk,
      ),
    ),
  );
}
