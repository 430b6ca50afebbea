/** What a figure is to reach, and whether it did. */
import type { Figure } from './figures.ts';
import type { Spread } from './medians.ts';

/** Of medians. A factor compares the bot with the script of the same run. */
export type Target = NonNullable<Figure['target']>;

/** The verdict on a figure. `limit` is in the figure's unit. */
export interface Verdict {
  readonly limit: number;
  readonly met: boolean;
}

/** Judges the bot's median. Undefined when the target compares with a script that was not measured. */
export function judge(target: Target, { bot, hand }: { readonly bot: Spread; readonly hand?: Spread | undefined }): Verdict | undefined {
  if (target.kind === 'at-most') return { limit: target.value, met: bot.median <= target.value };
  if (hand === undefined) return undefined;
  const limit = hand.median * target.factor;
  return { limit, met: target.kind === 'at-most-of-hand' ? bot.median <= limit : bot.median >= limit };
}
