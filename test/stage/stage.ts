/** Everything at once, all of it real: a lab of hosts, Redis, a Slack server, and the bot's processes. For the demo and the end-to-end tests. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isExclusive } from '../../src/wiring/fronts.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { connect } from '../../src/queue/connection.ts';
import { openQueues } from '../../src/queue/queues.ts';
import { createRuns } from '../../src/queue/runs.ts';
import type { Runs } from '../../src/engine/runs.ts';
import { createLab } from '../lab/lab.ts';
import type { EtcdVersion, Lab, NetworkProfile } from '../lab/lab.ts';
import { startRedis } from '../queue/redis.ts';
import type { TestRedis } from '../queue/redis.ts';
import { startLocalSlack } from '../slack/local-slack.ts';
import type { LocalSlack } from '../slack/local-slack.ts';
import { startBotProcess } from './bot-process.ts';
import type { BotProcess } from './bot-process.ts';

/** The people of every stage: alice operates, bob and carol approve, mallory is nobody. */
export const people = { alice: 'U0ALICE', bob: 'U0BOB', carol: 'U0CAROL', mallory: 'U0MALLORY' } as const;
/** The channel where commands are taken, and one where they are not. */
export const channels = { incident: 'C0INCDEMO', elsewhere: 'C0GENERAL' } as const;

export interface StageOptions {
  readonly name: string;
  readonly etcd?: EtcdVersion;
  readonly members?: 1 | 3 | 5;
  /** Hosts beside the members. */
  readonly spares?: number;
  /** How fast the hosts' links are. */
  readonly network?: NetworkProfile;
  /** Gives every data-dir a small disk of its own. */
  readonly dataDirSizeMiB?: number;
  /** Put over the cluster's keys in config.yaml. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  /** Says what is being made. */
  readonly say?: (text: string) => void;
  readonly pagePort?: number;
  /** Who is who at this machine's terminal; root is alice when not given. */
  readonly terminalUsers?: Readonly<Record<string, string>>;
  /** Redis asks for it. */
  readonly redisPassword?: string;
  /** Where the bot finds Slack's API, when not at the server itself (a fault in between). */
  readonly slackApiUrl?: (real: string) => Promise<string>;
}

/** A stage. The cluster is called `demo`. */
export interface Stage {
  readonly lab: Lab;
  readonly redis: TestRedis;
  readonly slack: LocalSlack;
  readonly runs: Runs;
  readonly directory: string;
  readonly configPath: string;
  readonly logFile: string;
  /** The environment of the bot's processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts a process of the bot with these roles (all by default); stopped with the stage. */
  start(roles?: string, environment?: Readonly<Record<string, string>>): Promise<BotProcess>;
  down(): Promise<void>;
}

/** Builds a stage; whatever fails, what was made is taken down again. */
export async function createStage(options: StageOptions): Promise<Stage> {
  const {
    name,
    etcd = '3.4',
    members = 3,
    dataDirSizeMiB,
    cluster = {},
    say = () => undefined,
    pagePort,
    terminalUsers = { root: people.alice },
    redisPassword,
    slackApiUrl = (real) => Promise.resolve(real),
  } = options;
  const directory = await mkdtemp(join(tmpdir(), `medic-${name}-`));
  const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const down = async () => {
    for (const one of undo.splice(0).toReversed()) await one();
  };
  try {
    say(`${members} hosts with etcd ${etcd}`);
    const lab = await createLab({
      name,
      etcd,
      members,
      ...(options.spares !== undefined && { spares: options.spares }),
      ...(options.network !== undefined && { network: options.network }),
      ...(dataDirSizeMiB !== undefined && { dataDirSizeMiB }),
    });
    undo.push(() => lab.down());
    say('Redis');
    const redis = await startRedis([], redisPassword);
    undo.push(() => redis.destroy());
    say('a Slack server');
    const slack = await startSlack(pagePort);
    undo.push(() => slack.stop());
    const configPath = join(directory, 'config.yaml');
    await mkdir(join(directory, 'backups'), { mode: 0o700 });
    await lab.writeConfig(configPath, {
      cluster: 'demo',
      overrides: {
        channels: [channels.incident],
        operators: [people.alice],
        approvers: [people.bob, people.carol],
        approvals: { required: 1, quorumLoss: 1, expiresAfter: '30m' },
        ...cluster,
      },
      top: {
        backups: { directory: join(directory, 'backups') },
        terminalUsers,
        worker: { lockDuration: '5s', stalledInterval: '2s' },
      },
    });
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const connections = connect({ url: redis.url, log: silent });
    const queues = openQueues({ front: connections.front, log: silent });
    undo.push(async () => {
      await queues.close();
      await connections.close();
    });
    const environment = {
      ETCD_MEDIC_CONFIG: configPath,
      ETCD_MEDIC_HTTP_PORT: '0',
      REDIS_URL: redis.url,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: await slackApiUrl(slack.apiUrl),
      LAB_ETCD_PASSWORD: lab.rootPassword,
    };
    const logFile = join(directory, 'bot.log');
    return {
      lab,
      redis,
      slack,
      directory,
      configPath,
      logFile,
      environment,
      runs: createRuns({ front: connections.front, queues, isExclusive, clock: systemClock }),
      start: async (roles = 'bot,worker,reports', more = {}) => {
        const bot = await startBotProcess({ environment: { ...environment, ETCD_MEDIC_ROLES: roles, ...more }, logFile });
        undo.push(() => bot.stop());
        return bot;
      },
      down,
    };
  } catch (error) {
    await down();
    throw error;
  }
}

function startSlack(pagePort: number | undefined): Promise<LocalSlack> {
  return startLocalSlack({
    users: [
      { id: people.alice, name: 'alice', realName: 'Alice (on call)' },
      { id: people.bob, name: 'bob', realName: 'Bob' },
      { id: people.carol, name: 'carol', realName: 'Carol' },
      { id: people.mallory, name: 'mallory', realName: 'Mallory' },
    ],
    channels: [
      { id: channels.incident, name: 'inc-demo', topic: 'The demo cluster has lost its quorum' },
      { id: channels.elsewhere, name: 'general' },
    ],
    ...(pagePort !== undefined && { pagePort }),
  });
}
