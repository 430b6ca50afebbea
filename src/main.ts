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
import type { RunWorkerOptions } from './queue/worker.ts';
import type { Slack } from './slack/app.ts';
import { createClients } from './slack/clients.ts';
import { createGroups } from './slack/groups.ts';
import { openBackups, watchPlace } from './wiring/backups.ts';
import type { OwnBackups, WatchedPlace } from './wiring/backups.ts';
import { systemClock as clock } from './wiring/clock.ts';
import { createBot, startReports } from './wiring/fronts.ts';
import { keepHealth } from './wiring/health-role.ts';
import type { RoleState, Said } from './wiring/health-role.ts';
import { createLog, lastWords } from './wiring/log.ts';
import { watchRevisions } from './wiring/revisions.ts';
import { redisSurroundings, settingsChecks, slackSurroundings } from './wiring/surroundings.ts';
import { keepBot, keepReports } from './wiring/slack-roles.ts';
import { startWorker } from './wiring/worker.ts';
import { createIdleChannels } from './host/idle-channels.ts';
import type { IdleChannels } from './host/idle-channels.ts';
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

interface Parts {
  readonly connections: Connections;
  readonly queues: Queues;
  readonly conceal: Conceal;
  readonly log: Logger;
  readonly running: Running;
  /** Of a process that has workers. */
  readonly place: Place | undefined;
}

async function start(settings: Settings, conceal: Conceal, log: Logger): Promise<Running> {
  const running: Running = { stops: [] };
  const connections = connect({ url: settings.redisUrl.reveal(), log });
  const queues = openQueues({ front: connections.front, log });
  running.stops.push(
    () => connections.close(),
    () => queues.close(),
  );
  const said: Said = { roles: [], remarks: () => [] };
  const health = keepHealth({ settings, connections, queues, clock, log, said });
  running.stops.push(health.stop);
  await untilConnected(connections, redisLimitMs);
  for (const warning of [...settings.warnings, ...(await settingsWarnings(connections))]) log.warn({ warning }, 'worth a look');

  const watch = new AbortController();
  const loss = watchForLoss({ front: connections.front, queues, clock, log, signal: watch.signal });
  running.stops.push(() => {
    watch.abort();
    return loss.done;
  });
  const place = settings.roles.includes('worker') ? await startPlace(running, { settings, connections, queues, log }) : undefined;
  said.remarks = () => {
    const lost = loss.lost();
    const gone = lost === undefined ? [] : [`${lossInWords(lost)}: ${lost.runs.length} living runs are gone.`];
    return [...gone, ...(place?.remarks() ?? [])];
  };
  const roles = startRoles(settings, { connections, queues, conceal, log, running, place });
  said.roles = roles;
  log.info({ roles: settings.roles, clusters: Object.keys(settings.config.clusters) }, 'started');
  // A role that waits for Slack keeps nothing else waiting.
  void Promise.all([health.port, ...roles.map(({ up }) => up)]).then(([port]) =>
    log.info({ roles: settings.roles, healthPort: port }, 'ready'),
  );
  return running;
}

/** Starts each role on its own. None waits for another, and none that is not up takes another along. */
function startRoles(settings: Settings, { connections, queues, conceal, log, running, place }: Parts): readonly RoleState[] {
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
  const states: RoleState[] = [];
  if (place !== undefined) {
    const idle = createIdleChannels();
    running.stops.push(idle.close);
    const openWorld = openWorldOf({ ...shared, conceal, idle, place });
    const workers = startWorker({ ...shared, openWorld, conceal, options: workerOptions(config) });
    running.stops.push(() => Promise.all(workers.map((worker) => worker.close({ deadlineMs: stopLimitMs }))));
    running.stops.push(keepRevisions(settings, connections, log));
    states.push({ role: 'worker', whyNot: () => undefined, up: Promise.resolve() });
  }
  if (roles.includes('reports') && clients !== undefined) {
    const reports = keepReports({ clients, start: () => startReports({ ...shared, clients }), stopLimitMs, clock, log });
    running.stops.push(reports.stop);
    states.push({ role: 'reports', ...reports });
  }
  if (roles.includes('bot') && clients !== undefined && slack !== undefined) {
    bot = createBot({ ...shared, clients, slack });
    const kept = keepBot({ bot, clock, log });
    running.stops.push(kept.stop);
    states.push({ role: 'bot', ...kept });
  }
  return states;
}

/** What several parts of a process share. */
interface Shared {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly queues: Queues;
  readonly log: Logger;
}

/** The directory of the backups, and what the other workers say of theirs. */
type Place = WatchedPlace & Pick<OwnBackups, 'signing'>;

async function startPlace({ stops }: Running, { settings: { config, signingKeys }, connections, log }: Shared): Promise<Place> {
  const own = await openBackups({ directory: config.backups.directory, keys: signingKeys });
  const watched = await watchPlace({ own, redis: connections.records, clock, log });
  stops.push(watched.stop);
  return { ...watched, signing: own.signing };
}

interface WorldParts extends Shared {
  readonly conceal: Conceal;
  readonly idle: IdleChannels;
  readonly place: Place;
}

function openWorldOf({ settings, connections, queues, conceal, idle, place }: WorldParts): ReturnType<typeof createWorlds> {
  return createWorlds({
    settings,
    idle,
    clock,
    conceal,
    ledgerOf: (cluster) => createRevisionLedger({ records: connections.records, cluster, clock }),
    earlier: createEarlierRuns({ redis: connections.records, queues }),
    signing: place.signing,
    elsewhere: place.elsewhere,
    surroundings: async (cluster) => [...(await surroundingsOf(settings, connections, cluster)), ...(await place.checks())],
  });
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
