/** `recover-space` against the script (row 18): the database is at its quota, almost all of it history, and etcd takes no write. */
import { keepNewestBackup } from '../backups.ts';
import { botRun, untilStep } from '../bot-run.ts';
import { makeFull, putBackFull } from '../full.ts';
import { interleave } from '../interleave.ts';
import { forget } from '../operator.ts';
import { addedRows, seconds, stepsOfLast } from './case.ts';
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
        say(`bot ${run}: ${seconds(proven).toFixed(1)} s`);
        return { done, total: seconds(proven) };
      },
    });
    return [
      {
        what: 'whole, until a write was taken again',
        unit: 's',
        hand: [...hand],
        bot: bot.map(({ total }) => total),
        steps: stepsOfLast(bot.map(({ done }) => done)),
      },
      ...addedRows(bot.map(({ done }) => done)),
    ];
  },
};
