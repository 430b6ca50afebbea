/** `restore` of three members against the script (rows 8 to 12): a cluster that serves is put back from a snapshot of it. */
import { botRun, untilStep } from '../bot-run.ts';
import { interleave } from '../interleave.ts';
import { keepNewestBackup } from '../backups.ts';
import { tidy } from '../ground.ts';
import { firstRemoteCommandAt } from '../overhead.ts';
import { probed } from '../probe.ts';
import { addedRows, seconds, stepsOfLast } from './case.ts';
import type { Case } from './case.ts';

/** The targets, from this size on: no slower than the script, and at most half of its downtime. */
const comparedFromMegabytes = 100;
const totalFactor = 1;
const downtimeFactor = 0.5;
/** The step in which the members come up and elect a leader: the script sits that out as well. */
const waitsForEtcd = ['start'];

export const restore: Case = {
  id: 'restore',
  sizes: 'each',
  filling: 'keys',
  async measure({ ground, megabytes, runs, say }) {
    const isCompared = megabytes >= comparedFromMegabytes;
    await tidy(ground);
    await botRun(ground, 'backup demo');
    const snapshot = await keepNewestBackup(ground);
    const { hand, bot } = await interleave({
      runs,
      before: () => tidy(ground),
      hand: async (run) => {
        const { result: done, down } = await probed(ground.stage.lab, () => ground.operator.run('restore', { SNAPSHOT: snapshot }));
        const downtime = seconds(down);
        if (!done.answer.stdout.includes('/name/1\ntest')) throw new Error(`the script did not bring the data back: ${done.answer.stdout}`);
        say(`script ${run}: ${seconds(done).toFixed(1)} s, down ${downtime.toFixed(1)} s`);
        return { total: seconds(done), downtime };
      },
      bot: async (run) => {
        const words = 'restore demo --while-healthy';
        const { result: done, down } = await probed(ground.stage.lab, () => botRun(ground, words, { declines: ['delete-old-data'] }));
        const downtime = seconds(down);
        const proven = untilStep(done, 'canary');
        const first = (firstRemoteCommandAt(done.entries) ?? done.endedAt) - done.askedAt;
        say(`bot ${run}: ${seconds(proven).toFixed(1)} s, down ${downtime.toFixed(1)} s`);
        return { done, total: seconds(proven), downtime, first: first / 1_000 };
      },
    });
    return [
      {
        what: 'whole, until the data was seen to be back',
        unit: 's',
        hand: hand.map(({ total }) => total),
        bot: bot.map(({ total }) => total),
        ...(isCompared && { target: { kind: 'at-most-of-hand', factor: totalFactor } }),
        steps: stepsOfLast(bot.map(({ done }) => done)),
      },
      {
        what: 'downtime: last write before, first write after',
        unit: 's',
        hand: hand.map(({ downtime }) => downtime),
        bot: bot.map(({ downtime }) => downtime),
        ...(isCompared && { target: { kind: 'at-most-of-hand', factor: downtimeFactor } }),
      },
      ...addedRows(
        bot.map(({ done }) => done),
        waitsForEtcd,
      ),
      { what: 'from the slash command to the first command on a host', unit: 's', bot: bot.map(({ first }) => first) },
    ];
  },
};
