#!/usr/bin/env node
/** The composition root: reads the configuration, builds the adapters, starts the roles, and stops them in order. */
import { inspect } from 'node:util';
import type { Logger } from 'pino';
import { createAccess } from './access/index.ts';
import type { Check } from './checkup/check.ts';
import { goesToJournal } from './config/journal-stream.ts';
import { keyMaterial } from './config/known-secrets.ts';
import { loadSettings } from './config/load.ts';
import type { Settings } from './config/load.ts';
import type { Cluster } from './config/schema.ts';
import { createConceal } from './engine/conceal.ts';
import type { Conceal } from './engine/conceal.ts';
import { mayChangeNothing } from './engine/tenure.ts';
import { OpsError, isOpsError } from './errors.ts';
import { createEtcd } from './etcd/create-etcd.ts';
import { ClusterName, MemberName } from './ids.ts';
import { connect, settingsWarnings, untilConnected } from './queue/connection.ts';
import type { Connections } from './queue/connection.ts';
import { createEarlierRuns } from './queue/earlier-runs.ts';
import { createRevisionLedger } from './queue/ledger.ts';
import { watchForLoss } from './queue/loss-watch.ts';
import { lossInWords } from './queue/marker.ts';
import { openQueues } from './queue/queues.ts';
import type { Queues } from './queue/queues.ts';
import { redisFacts } from './queue/redis-facts.ts';
import { queueStatus } from './queue/status.ts';
import type { Closable, RunWorkerOptions } from './queue/worker.ts';
import type { Slack } from './slack/app.ts';
import { createClients } from './slack/clients.ts';
import { createGroups } from './slack/groups.ts';
import { systemClock as clock } from './wiring/clock.ts';
import { createBot, startReports } from './wiring/fronts.ts';
import { serveHealth } from './wiring/health.ts';
import type { HealthProbe } from './wiring/health.ts';
import { createLog, lastWords } from './wiring/log.ts';
import { watchRevisions } from './wiring/revisions.ts';
import { redisSurroundings, settingsChecks, slackSurroundings } from './wiring/surroundings.ts';
import { startWorker } from './wiring/worker.ts';
import { createIdleChannels } from './host/idle-channels.ts';
import { createWorlds } from './wiring/worlds.ts';

/** sysexits(3): the configuration is wrong; a service manager need not try again. */
const exitConfig = 78;
const exitFailed = 1;
const redisLimitMs = 30_000;
/** Within this everything has stopped, or is cut; what is cut is taken up elsewhere. Below systemd's and Kubernetes' own limits. */
const stopLimitMs = 18_000;

/** What is running, in the order it was started; stopped in the other. */
interface Running {
  readonly stops: (() => Promise<unknown>)[];
}

async function start(settings: Settings, conceal: Conceal, log: Logger): Promise<Running> {
  const running: Running = { stops: [] };
  const connections = connect({ url: settings.redisUrl.reveal(), log });
  const queues = openQueues({ front: connections.front, log });
  running.stops.push(
    () => connections.close(),
    () => queues.close(),
  );
  await untilConnected(connections, redisLimitMs);
  for (const warning of [...settings.warnings, ...(await settingsWarnings(connections))]) log.warn({ warning }, 'worth a look');

  const watch = new AbortController();
  const loss = watchForLoss({ front: connections.front, queues, clock, log, signal: watch.signal });
  running.stops.push(() => {
    watch.abort();
    return loss.done;
  });
  const { slack, config, roles } = settings;
  const clients =
    slack === undefined
      ? undefined
      : createClients({ token: slack.botToken.reveal(), ...(slack.apiUrl !== undefined && { slackApiUrl: slack.apiUrl }) });
  if (clients === undefined && namesGroups(config))
    log.warn('config.yaml names user groups, which cannot be looked up without SLACK_BOT_TOKEN: nobody counts as a member of one');
  const groups = clients === undefined ? noGroups : createGroups({ client: clients.arrival, clock });
  let bot: Slack | undefined;
  const access = createAccess({ clusters: config.clusters, groups, homeTeam: () => bot?.team() });
  const shared = { settings, connections, queues, access, clock, log };
  const stopping = (closables: readonly Closable[]) =>
    running.stops.push(() => Promise.all(closables.map((closable) => closable.close({ deadlineMs: stopLimitMs }))));
  if (roles.includes('worker')) {
    const idle = createIdleChannels();
    running.stops.push(idle.close);
    const openWorld = createWorlds({
      settings,
      idle,
      clock,
      conceal,
      ledgerOf: (cluster) => createRevisionLedger({ records: connections.records, cluster, clock }),
      earlier: createEarlierRuns({ redis: connections.records, queues }),
      surroundings: async (cluster) => await surroundingsOf(settings, connections, cluster),
    });
    stopping(startWorker({ ...shared, openWorld, conceal, options: workerOptions(config) }));
    running.stops.push(keepRevisions(settings, connections, log));
  }
  if (roles.includes('reports') && clients !== undefined) stopping([startReports({ ...shared, clients })]);
  if (roles.includes('bot') && clients !== undefined && slack !== undefined) {
    bot = createBot({ ...shared, clients, slack });
    await bot.start();
    running.stops.push(bot.stop);
  }
  const health = await serveHealth({
    port: settings.httpPort,
    probes: probesOf(connections, bot),
    queueCounts: () => countsOf(connections, queues),
    remarks: () => {
      const lost = loss.lost();
      return lost === undefined ? [] : [`${lossInWords(lost)}: ${lost.runs.length} living runs are gone.`];
    },
  });
  running.stops.push(health.close);
  log.info({ roles, clusters: Object.keys(config.clusters), healthPort: health.port, team: bot?.team() }, 'ready');
  return running;
}

function namesGroups({ clusters }: Settings['config']): boolean {
  return Object.values(clusters).some(({ readers = [], operators, approvers }) =>
    [...readers, ...operators, ...approvers].some((id) => id.startsWith('S')),
  );
}

/** What `doctor` says beside the cluster and its hosts. The settings were read when this process started: without a mistake, or it would not run. */
async function surroundingsOf({ warnings, slack }: Settings, { front }: Connections, cluster: Cluster): Promise<readonly Check[]> {
  const appToken = slack?.listen?.mode === 'socket' ? slack.listen.appToken : undefined;
  const [redis, inSlack] = await Promise.all([
    redisSurroundings(async () => await redisFacts(front)),
    slackSurroundings(slack && { ...slack, appToken }, cluster, clock),
  ]);
  return [...settingsChecks('config.yaml', [], warnings), ...redis, ...inSlack];
}

function workerOptions({ worker }: Settings['config']): RunWorkerOptions {
  return worker === undefined ? {} : { lockDurationMs: worker.lockDuration, stalledIntervalMs: worker.stalledInterval };
}

const noGroups = {
  membersOf: (groupId: string) =>
    Promise.reject(new OpsError('NOT_ALLOWED', `The user group ${groupId} cannot be looked up without SLACK_BOT_TOKEN.`)),
};

/** Starts to keep each cluster's highest revision. Gives how to stop. */
function keepRevisions({ config, passwords }: Settings, { records }: Connections, log: Logger): () => Promise<void> {
  const stop = new AbortController();
  const clusters = Object.entries(config.clusters).map(([key, cluster]) => {
    const name = ClusterName.parse(key);
    const members = Object.entries(cluster.members).map(([member, { clientUrl }]) => ({ name: MemberName.parse(member), clientUrl }));
    const password = passwords[name];
    const auth =
      cluster.auth === undefined || password === undefined ? undefined : { user: cluster.auth.user, password: password.reveal() };
    return {
      name,
      etcd: createEtcd({ members, tls: cluster.tls, auth, record: () => undefined, clock, permit: mayChangeNothing }),
      ledger: createRevisionLedger({ records, cluster: name, clock }),
    };
  });
  const watching = watchRevisions({ clusters, clock, log, signal: stop.signal });
  return async () => {
    stop.abort();
    await watching;
    for (const { etcd } of clusters) etcd.close();
  };
}

function probesOf(connections: Connections, bot: Slack | undefined): readonly HealthProbe[] {
  const redis = { name: 'redis', look: async () => (connections.connectedSince() === undefined ? 'Redis does not answer' : undefined) };
  if (bot === undefined) return [redis];
  return [redis, { name: 'slack', look: async () => (bot.connectedSince() === undefined ? 'not connected to Slack' : undefined) }];
}

async function countsOf(connections: Connections, queues: Queues) {
  const { queues: depths } = await queueStatus(connections, queues, clock.now());
  return depths.flatMap(({ name, waiting, active, delayed, failed }) =>
    Object.entries({ waiting, active, delayed, failed }).map(([state, count]) => ({ queue: name, state, count })),
  );
}

/** Stops what was started last first: no new words, then no new runs, then the connections. */
async function stop({ stops }: Running): Promise<void> {
  for (const one of stops.toReversed()) await one();
}

async function main(): Promise<void> {
  const settings = loadSettings();
  const conceal = createConceal([...settings.secrets, ...keyMaterial(settings.config)].map((secret) => secret.reveal()));
  const log = createLog({ level: settings.logLevel, conceal, inJournal: goesToJournal(1) });
  const running = await start(settings, conceal, log);
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    const cut = setTimeout(() => process.exit(exitFailed), stopLimitMs + 1_000);
    stop(running).then(
      () => {
        clearTimeout(cut);
        log.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ error }, 'could not stop in order');
        process.exit(exitFailed);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

try {
  await main();
} catch (error) {
  const said = isOpsError(error) ? `${error.message}\n${error.hint}` : inspect(error);
  process.stderr.write(lastWords(said, { inJournal: goesToJournal(2) }));
  process.exit(isOpsError(error, 'CONFIG_INVALID') ? exitConfig : exitFailed);
}
