/** `status` against `etcdctl endpoint status -w table` (row 6), with members gone in both ways. */
import { mayChangeNothing } from '../../../src/engine/tenure.ts';
import { createEtcd } from '../../../src/etcd/create-etcd.ts';
import { MemberName } from '../../../src/ids.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import type { Lab } from '../../lab/lab.ts';
import { say as sayInChannel } from '../../stage/acting.ts';
import { channels } from '../../stage/stage.ts';
import { tidy } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { interleave } from '../interleave.ts';
import { seconds } from './case.ts';
import type { Case, Row } from './case.ts';

const answerLimitMs = 30_000;
/** The targets, from the question to the answer in the channel. */
const refusedLimitSeconds = 0.5;
const silentLimitSeconds = 2.5;

/** `gone`: the process is not there, so its port refuses at once; `off`: the host has no power, so nothing answers at all. */
const situations: readonly {
  readonly words: string;
  readonly gone: readonly string[];
  readonly off: readonly string[];
  readonly limit?: number;
}[] = [
  { words: 'all up', gone: [], off: [] },
  { words: 'one down, its process gone', gone: ['etcd03'], off: [], limit: refusedLimitSeconds },
  { words: 'two down, their processes gone', gone: ['etcd02', 'etcd03'], off: [], limit: refusedLimitSeconds },
  { words: 'one down, its host powered off', gone: [], off: ['etcd03'], limit: silentLimitSeconds },
  { words: 'two down, their hosts powered off', gone: [], off: ['etcd02', 'etcd03'], limit: silentLimitSeconds },
];

export const status: Case = {
  id: 'status',
  sizes: 'once',
  filling: 'keys',
  async measure({ ground, runs, say }) {
    const { lab } = ground.stage;
    const rows: Row[] = [];
    for (const { words, gone, off, limit } of situations) {
      await tidy(ground);
      for (const host of gone) await lab.host(host).fault('stop-etcd');
      for (const host of off) await lab.host(host).fault('power-off');
      try {
        const { hand, bot } = await interleave({
          runs,
          before: () => Promise.resolve(),
          hand: async () => seconds(await ground.operator.etcdctl(['endpoint', 'status', '-w', 'table'])),
          bot: async () => ({ look: await look(lab), answer: await ask(ground) }),
        });
        say(
          `${words}: etcdctl ${hand[0]?.toFixed(2)} s, in the channel ${bot[0]?.answer.toFixed(2)} s, the look ${bot[0]?.look.toFixed(2)} s`,
        );
        const target = limit === undefined ? {} : { target: { kind: 'at-most', value: limit } as const };
        rows.push(
          {
            what: `${words}: question to answer in the channel`,
            unit: 's',
            hand: [...hand],
            bot: bot.map(({ answer }) => answer),
            ...target,
          },
          { what: `${words}: the look at the members alone`, unit: 's', hand: [...hand], bot: bot.map(({ look }) => look) },
        );
      } finally {
        for (const host of off) await lab.host(host).fault('power-on');
        for (const host of [...gone, ...off]) await lab.host(host).fault('start-etcd');
        await lab.waitHealthy();
      }
    }
    return rows;
  },
};

/** From the question until its answer stands in the channel. */
async function ask({ stage, postings }: Ground): Promise<number> {
  const askedAt = Date.now();
  await sayInChannel(stage, 'status demo');
  const answer = await postings.first(
    askedAt,
    ({ method, channel, text }) => method === 'chat.postMessage' && channel === channels.incident && text.startsWith('demo:'),
    answerLimitMs,
  );
  return (answer.at - askedAt) / 1_000;
}

/** One look over connections that are not there yet, as the bot's. */
async function look({ hosts, pki }: Lab): Promise<number> {
  const etcd = createEtcd({
    members: hosts.map(({ name, clientUrl }) => ({ name: MemberName.parse(name), clientUrl })),
    tls: { ca: pki.ca, ...pki.root },
    record: () => undefined,
    clock: systemClock,
    permit: mayChangeNothing,
  });
  const from = performance.now();
  await etcd.look();
  const took = performance.now() - from;
  etcd.close();
  return took / 1_000;
}
