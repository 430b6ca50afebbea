/** `replace-member` against the script (row 16): etcd03 is stopped, and a new member takes its place on the same host. */
import { botRun, untilStep } from '../bot-run.ts';
import { interleave } from '../interleave.ts';
import { keepNewestBackup } from '../backups.ts';
import { tidy } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { addedRows, seconds, stepsOfLast } from './case.ts';
import type { Case } from './case.ts';

const failed = 'etcd03';
/** The target, from this size on: its own snapshot included. */
const comparedFromMegabytes = 100;
const totalFactor = 1.2;
/** In these the new member comes up and fetches its data: the script sits that out as well. */
const waitsForEtcd = ['start', 'promote'];

export const replaceMember: Case = {
  id: 'replace-member',
  sizes: 'each',
  filling: 'keys',
  async measure({ ground, megabytes, runs, say }) {
    const others = ground.stage.lab.hosts.filter(({ name }) => name !== failed).map(({ clientUrl }) => clientUrl);
    const { hand, bot } = await interleave({
      runs,
      before: () => memberDown(ground, others),
      hand: async (run) => {
        const done = await ground.operator.run('replace-member', { MEMBER: failed, OTHERS: others.join(',') });
        say(`script ${run}: ${seconds(done).toFixed(1)} s`);
        return seconds(done);
      },
      bot: async (run) => {
        // Its data is there, and to start it would be enough: the script does not ask, so the bot is told not to.
        const done = await botRun(ground, `replace-member demo ${failed} --discard-data`, { declines: ['delete-old-data'] });
        await keepNewestBackup(ground);
        const proven = untilStep(done, 'members-agree');
        say(`bot ${run}: ${seconds(proven).toFixed(1)} s`);
        return { done, total: seconds(proven) };
      },
    });
    return [
      {
        what: 'whole, until three members serve; the bot saves a snapshot first',
        unit: 's',
        hand: [...hand],
        bot: bot.map(({ total }) => total),
        ...(megabytes >= comparedFromMegabytes && { target: { kind: 'at-most-of-hand', factor: totalFactor } }),
        steps: stepsOfLast(bot.map(({ done }) => done)),
      },
      ...addedRows(
        bot.map(({ done }) => done),
        waitsForEtcd,
      ),
    ];
  },
};

/** Stops the member and waits until the others have a leader again. */
async function memberDown(ground: Ground, others: readonly string[]): Promise<void> {
  const { lab } = ground.stage;
  await tidy(ground);
  await lab.host(failed).fault('stop-etcd');
  for (const url of others) await lab.etcdctl(['get', '/name/1', '--command-timeout=20s'], { endpoints: [url] });
}
