/** `backup` against `etcdctl snapshot save` (row 5): the whole, the stream alone, and the memory it takes. */
import { stat } from 'node:fs/promises';
import { botRun } from '../bot-run.ts';
import type { BotRun } from '../bot-run.ts';
import { interleave } from '../interleave.ts';
import { tidy } from '../ground.ts';
import { forget } from '../operator.ts';
import { forgetPeak, peakMegabytes } from '../peak.ts';
import { keepNewestBackup } from '../backups.ts';
import { addedRows, seconds, stepsOfLast } from './case.ts';
import type { Case } from './case.ts';

/** The targets. */
const throughputFactor = 0.8;
const peakLimitMegabytes = 200;

export const backup: Case = {
  id: 'backup',
  sizes: 'each',
  filling: 'keys',
  async measure({ ground, runs, say }) {
    const snapshot = ground.file('by-hand.db');
    const measured = await interleave({
      runs,
      before: () => tidy(ground),
      hand: async (run) => {
        await forget(snapshot);
        const done = await ground.operator.run('backup', { SNAPSHOT: snapshot });
        const { size } = await stat(snapshot);
        say(`script ${run}: ${seconds(done).toFixed(2)} s`);
        return { total: seconds(done), megabytesPerSecond: size / 1e6 / seconds(done) };
      },
      bot: async (run) => {
        const before = await forgetPeak(ground.botPid);
        // From the member that the script takes, though the bot would choose a follower.
        const done = await botRun(ground, 'backup demo --from etcd01');
        const peak = await peakMegabytes(ground.botPid);
        await keepNewestBackup(ground);
        const total = { from: done.askedAt, to: done.endedAt };
        say(`bot ${run}: ${seconds(total).toFixed(2)} s, memory ${before.toFixed(0)} MB, at its peak ${peak.toFixed(0)} MB`);
        return {
          done,
          total: seconds(total),
          megabytesPerSecond: throughputOf(done),
          before,
          peak,
        };
      },
    });
    const { hand, bot } = measured;
    return [
      {
        what: 'whole; the bot checks the file twice',
        unit: 's',
        hand: hand.map((one) => one.total),
        bot: bot.map((one) => one.total),
        steps: stepsOfLast(bot.map(({ done }) => done)),
      },
      {
        what: 'stream of the snapshot to the disk',
        unit: 'MB/s',
        hand: hand.map((one) => one.megabytesPerSecond),
        bot: bot.map((one) => one.megabytesPerSecond),
        target: { kind: 'at-least-of-hand', factor: throughputFactor },
      },
      {
        what: 'peak memory of the worker (VmHWM)',
        unit: 'MB',
        bot: bot.map((one) => one.peak),
        target: { kind: 'at-most', value: peakLimitMegabytes },
      },
      { what: 'memory of the worker before it (VmRSS)', unit: 'MB', bot: bot.map((one) => one.before) },
      ...addedRows(bot.map(({ done }) => done)),
    ];
  },
};

/** By the journal's own command: `Snapshot saved at …`, with its bytes. @throws Error when there is none */
function throughputOf({ entries }: BotRun): number {
  for (const entry of entries) {
    if (entry.type !== 'command' || !entry.command.argv.includes('save')) continue;
    const bytes = /(\d+) bytes/.exec(entry.command.output)?.[1];
    if (bytes !== undefined) return Number(bytes) / 1e3 / entry.command.durationMs;
  }
  throw new Error('the journal holds no snapshot that was saved');
}
