/** Bots and workers of a fleet in memory, each with connections of its own to one real Redis and one real Slack server, as `main.ts` wires them. */
import { createAccess } from '../../src/access/index.ts';
import { Config } from '../../src/config/schema.ts';
import { Secret } from '../../src/config/secret.ts';
import { createRuns } from '../../src/queue/runs.ts';
import type { Runs } from '../../src/engine/runs.ts';
import { connect, untilConnected } from '../../src/queue/connection.ts';
import { openQueues } from '../../src/queue/queues.ts';
import type { Slack } from '../../src/slack/app.ts';
import { createClients } from '../../src/slack/clients.ts';
import { createGroups } from '../../src/slack/groups.ts';
import { systemClock as clock } from '../../src/wiring/clock.ts';
import { createBot, isExclusive, startReports } from '../../src/wiring/fronts.ts';
import { startWorker } from '../../src/wiring/worker.ts';
import { startRedis } from '../queue/redis.ts';
import { startLocalSlack } from '../slack/local-slack.ts';
import type { LocalSlack } from '../slack/local-slack.ts';
import type { FakeFleet } from './fake-fleet.ts';

const connectLimitMs = 10_000;
const stopLimitMs = 10_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface FleetBotsOptions {
  readonly fleet: FakeFleet;
  readonly bots: number;
  readonly workers: number;
}

/** What a test sees of them. */
export interface FleetBots extends AsyncDisposable {
  readonly slack: LocalSlack;
  readonly runs: Runs;
  /** The channel of a cluster. */
  channelOf(cluster: string): string;
}

/** alice operates every cluster, bob and carol approve. */
export function fleetConfig({ clusters }: FakeFleet, channelOf: FleetBots['channelOf']): Config {
  const members = Object.fromEntries(
    [1, 2, 3].map((index) => [
      `etcd0${index}`,
      { host: `198.51.100.${index}`, clientUrl: `https://198.51.100.${index}:2379`, peerUrl: `https://198.51.100.${index}:2380` },
    ]),
  );
  return Config.parse({
    backups: { directory: '/nonexistent' },
    clusters: Object.fromEntries(
      clusters.map((name) => [
        name,
        {
          channels: [channelOf(name)],
          operators: ['U0ALICE'],
          approvers: ['U0BOB', 'U0CAROL'],
          approvals: { required: 1, quorumLoss: 2, expiresAfter: '30m' },
          ssh: { user: 'etcdops', identityFile: '/nonexistent', knownHostsFile: '/nonexistent' },
          etcd: { unit: 'etcd', initialClusterToken: 'etcd-cluster' },
          keys: { put: ['/name/'] },
          members,
        },
      ]),
    ),
  });
}

/** Starts all of it; whatever fails, what was started is stopped again. */
export async function startFleetBots({ fleet, bots, workers }: FleetBotsOptions): Promise<FleetBots> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  const channelOf = (cluster: string) => `C0${cluster.toUpperCase()}`;
  try {
    const redis = await startRedis();
    stops.push(() => redis.destroy());
    const slack = await startLocalSlack({
      users: ['alice', 'bob', 'carol'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
      channels: fleet.clusters.map((name) => ({ id: channelOf(name), name: `inc-${name}` })),
    });
    stops.push(() => slack.stop());
    const config = fleetConfig(fleet, channelOf);
    const process = async () => {
      const connections = connect({ url: redis.url, log: silent });
      const queues = openQueues({ front: connections.front, log: silent });
      stops.push(async () => {
        await queues.close();
        await connections.close();
      });
      await untilConnected(connections, connectLimitMs);
      const clients = createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl });
      const running: { bot?: Slack } = {};
      const groups = createGroups({ client: clients.arrival, clock });
      const access = createAccess({ clusters: config.clusters, groups, homeTeam: () => running.bot?.team() });
      return { shared: { settings: { config }, connections, queues, access, clock, log: silent }, clients, running };
    };
    for (let bot = 0; bot < bots; bot += 1) {
      const { shared, clients, running } = await process();
      const botToken = new Secret(slack.botToken);
      const listen = { mode: 'socket', appToken: new Secret(slack.appToken) } as const;
      running.bot = createBot({ ...shared, clients, slack: { botToken, apiUrl: slack.apiUrl, listen } });
      const reports = startReports({ ...shared, clients });
      stops.push(() => reports.close({ deadlineMs: stopLimitMs }));
      await running.bot.start();
      stops.push(running.bot.stop);
    }
    for (let worker = 0; worker < workers; worker += 1) {
      const { shared } = await process();
      const closables = startWorker({ ...shared, openWorld: fleet.openWorld, conceal: (text) => text, options: { concurrency: 5 } });
      stops.push(() => Promise.all(closables.map((one) => one.close({ deadlineMs: stopLimitMs }))));
    }
    const { shared } = await process();
    const runs = createRuns({ front: shared.connections.front, queues: shared.queues, isExclusive, clock });
    return { slack, runs, channelOf, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
