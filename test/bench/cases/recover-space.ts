/** `recover-space` against the script (row 18): the database is at its quota, almost all of it history, and etcd takes no write. */
import { keepNewestBackup } from '../backups.ts';
import { botRun, untilStep } from '../bot-run.ts';
import { makeFull, putBackFull } from '../full.ts';
import { interleave } from '../interleave.ts';
import { forget } from '../operator.ts';
import { addedMs, stepTimes } from '../overhead.ts';
import { addedLimitSeconds, seconds } from './case.ts';
import type { Case } from './case.ts';

export const recoverSpace: Case = {
  id: 'recover-space',
  sizes: 'each',
  filling: 'revisions',
  async measure({ ground, runs, say }) {
    const snapshot = ground.file('by-hand.db');
    await makeFull(ground);
    const { hand, bot } = await interleave({
      runs,
      before: () => putBackFull(ground),
      hand: async (run) => {
        await forget(snapshot);
        const done = await ground.operator.run('recover-space', { SNAPSHOT: snapshot });
        say(`script ${run}: ${seconds(done).toFixed(1)} s`);
        return seconds(done);
      },
      bot: async (run) => {
        const done = await botRun(ground, 'recover-space demo');
        await keepNewestBackup(ground);
        const proven = untilStep(done, 'canary');
        const added = addedMs(done.entries, { from: done.askedAt, to: done.endedAt }) / 1_000;
        say(`bot ${run}: ${seconds(proven).toFixed(1)} s, added ${added.toFixed(1)} s`);
        return { total: seconds(proven), added, steps: stepTimes(done.entries) };
      },
    });
    return [
      {
        what: 'whole, until a write was taken again',
        unit: 's',
        hand: [...hand],
        bot: bot.map(({ total }) => total),
        steps: bot.at(-1)?.steps,
      },
      {
        what: 'added by the bot over its commands',
        unit: 's',
        bot: bot.map(({ added }) => added),
        target: { kind: 'at-most', value: addedLimitSeconds },
      },
    ];
  },
};
