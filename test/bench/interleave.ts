/** Measures both sides in turn: script, bot, script, bot … so that what the machine does meanwhile hits both alike. */

/** @param before made ready for each side, not measured */
export async function interleave<Hand, Bot>({
  runs,
  before,
  hand,
  bot,
}: {
  readonly runs: number;
  readonly before: () => Promise<void>;
  readonly hand: (run: number) => Promise<Hand>;
  readonly bot: (run: number) => Promise<Bot>;
}): Promise<{ readonly hand: readonly Hand[]; readonly bot: readonly Bot[] }> {
  const measured: { readonly hand: Hand[]; readonly bot: Bot[] } = { hand: [], bot: [] };
  for (let run = 1; run <= runs; run += 1) {
    await before();
    measured.hand.push(await hand(run));
    await before();
    measured.bot.push(await bot(run));
  }
  return measured;
}
