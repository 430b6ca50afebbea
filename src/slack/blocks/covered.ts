/** What an approval covers, on its card: the plan and the facts. */
import type { KnownBlock } from '@slack/types';
import { renderCommand } from '../../engine/command.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import type { Facts } from '../../engine/step.ts';
import { bold, chunks, lines, preformatted, rich } from './rich.ts';

/** Longer plans go into a file beside the card, and the card says so. */
export const planCharactersMax = 5_500;
const planChunkCharacters = 2_800;
const factsCharactersMax = 1_500;

/** The plan as text, one command a line; for the file when it is too long for a card. */
export function planText(plan: readonly PlannedCommand[]): string {
  return plan.map(renderCommand).join('\n');
}

/** The plan as blocks; what is too long for a card is in a file beside it, and the card says so. */
export function planBlocks(plan: readonly PlannedCommand[], title = 'What will be done'): readonly KnownBlock[] {
  if (plan.length === 0) return [];
  const text = planText(plan);
  const shown = text.length > planCharactersMax ? cut(text) : text;
  const [first = '', ...rest] = chunks(shown, planChunkCharacters);
  return [rich(lines(bold(title)), preformatted(first)), ...rest.map((chunk) => rich(preformatted(chunk)))];
}

function cut(text: string): string {
  const kept = text.slice(0, planCharactersMax).split('\n').slice(0, -1);
  const left = text.split('\n').length - kept.length;
  return [...kept, `… ${left} more commands: all of them are in the file above this card`].join('\n');
}

/** The facts as one block. */
export function factsBlock(facts: Facts): KnownBlock | undefined {
  const entries = Object.entries(facts);
  if (entries.length === 0) return undefined;
  const width = Math.min(28, Math.max(...entries.map(([name]) => name.length)));
  const text = entries.map(([name, value]) => `${name.padEnd(width)}  ${value.replaceAll(/\s+/g, ' ')}`).join('\n');
  return rich(lines(bold('What it rests on')), preformatted(text.slice(0, factsCharactersMax)));
}
