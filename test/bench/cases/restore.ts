/** `restore` of three members against the script (rows 8 to 12): a cluster that serves is put back from a snapshot of it. */
import { botRun, untilStep } from '../bot-run.ts';
import { interleave } from '../interleave.ts';
import { keepNewestBackup } from '../backups.ts';
import { tidy } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { firstRemoteCommandAt, stepTimes } from '../overhead.ts';
import { forgetPeak, peakMegabytes } from '../peak.ts';
import { requestsOn } from '../../stage/host-log.ts';
import { probed } from '../probe.ts';
import { addedRows, seconds, stepsOfLast } from './case.ts';
import type { Case } from './case.ts';

/** The targets, from this size on: no slower than the script, and at most 0.4 of its downtime. */
const comparedFromMegabytes = 100;
const totalFactor = 1;
const downtimeFactor = 0.4;
/** And at every size: the looks at three hosts before, all requests to them, and the memory of the worker. */
const preflightLimitSeconds = 0.3;
const requestsLimit = 45;
const peakLimitMegabytes = 200;
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
        await forgetPeak(ground.botPid);
        const asked = await requestsSoFar(ground);
        const { result: done, down } = await probed(ground.stage.lab, () => botRun(ground, words, { declines: ['delete-old-data'] }));
        const downtime = seconds(down);
        const proven = untilStep(done, 'canary');
        const peak = await peakMegabytes(ground.botPid);
        const requests = (await requestsSoFar(ground)) - asked;
        const first = (firstRemoteCommandAt(done.entries) ?? done.endedAt) - done.askedAt;
        say(`bot ${run}: ${seconds(proven).toFixed(1)} s, down ${downtime.toFixed(1)} s`);
        return { done, total: seconds(proven), downtime, first: first / 1_000, peak, requests };
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
      {
        what: 'preflight of three hosts',
        unit: 's',
        bot: bot.map(({ done }) => stepTimes(done.entries).find(({ id }) => id === 'preflight')?.seconds ?? Number.NaN),
        target: { kind: 'at-most', value: preflightLimitSeconds },
      },
      {
        what: 'requests to three hosts, the whole run, by their own logs',
        unit: 'requests',
        bot: bot.map(({ requests }) => requests),
        target: { kind: 'at-most', value: requestsLimit },
      },
      {
        what: 'peak memory of the worker (VmHWM)',
        unit: 'MB',
        bot: bot.map(({ peak }) => peak),
        target: { kind: 'at-most', value: peakLimitMegabytes },
      },
      { what: 'from the slash command to the first command on a host', unit: 's', bot: bot.map(({ first }) => first) },
    ];
  },
};

/** How often the hosts were asked anything since their logs began. */
async function requestsSoFar({ stage }: Ground): Promise<number> {
  const counts = await Promise.all(stage.lab.hosts.map(requestsOn));
  return counts.reduce((sum, count) => sum + count, 0);
}
