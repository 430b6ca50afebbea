/** The bot, the reports and a worker on a real Redis in a real (local) Slack: all there is between a click and the card that shows what became of it. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import type { Reply } from '../../src/commands/reply.ts';
import type { Settings } from '../../src/config/load.ts';
import { Secret } from '../../src/config/secret.ts';
import type { SlackSettings } from '../../src/config/slack-settings.ts';
import type { RunRequest } from '../../src/engine/journal.ts';
import type { RunId } from '../../src/ids.ts';
import { verbs } from '../../src/procedures/index.ts';
import { createThreads } from '../../src/queue/threads.ts';
import type { Closable, RunWorkerOptions } from '../../src/queue/worker.ts';
import type { Slack } from '../../src/slack/app.ts';
import { createClients } from '../../src/slack/clients.ts';
import { exitCodes } from '../../src/terminal/exit-codes.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { createBot, startReports } from '../../src/wiring/fronts.ts';
import { configFolder } from '../config/example.ts';
import { bench, bob, silent } from '../queue/bench.ts';
import { scripted } from '../queue/fixtures/scripted.ts';
import type { ScriptedOptions, Word } from '../queue/fixtures/scripted.ts';
import { until } from '../queue/until.ts';
import { channel } from './front.ts';
import { buttonsOf, startLocalSlack } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';

/** A report is paced, and a machine may be busy. */
const shownWithinMs = 20_000;
const lists = { channels: ['#inc-*'], operators: ['U0ALICE'], approvers: ['U0BOB', 'U0CAROL'] };
/** Nobody is in any group. */
const groups = { membersOf: async () => new Set<never>() };

/** How Slack reaches the bot, when not over a socket. */
export interface OverHttp {
  readonly port: number;
  readonly signingSecret: string;
}

/** Starts a workspace: alice asks, bob and carol approve, mallory is on no list. */
export async function startWhole() {
  const slack = await startLocalSlack({
    users: ['alice', 'bob', 'carol', 'mallory'].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [{ id: channel, name: 'inc-etcd' }],
  });
  return { slack, open: (http?: OverHttp) => open(slack, http), stop: () => slack.stop() };
}

/** All of it, on a Redis of its own. */
export type Whole = Awaited<ReturnType<typeof open>>;

async function open(slack: LocalSlack, http?: OverHttp) {
  const on = await bench();
  const front: { bot?: Slack; reports: Closable[] } = { reports: [] };
  const settings = { config: { clusters: { prod: { ...lists, members: { etcd01: {} } } } } } as unknown as Pick<Settings, 'config'>;
  const listen =
    http === undefined
      ? ({ mode: 'socket', appToken: new Secret(slack.appToken) } as const)
      : ({ mode: 'http', port: http.port, signingSecret: new Secret(http.signingSecret) } as const);
  const slackSettings: SlackSettings = { botToken: new Secret(slack.botToken), apiUrl: slack.apiUrl, listen };
  const access = createAccess({ clusters: settings.config.clusters, groups, homeTeam: () => front.bot?.team() });
  const shared = {
    settings,
    slack: slackSettings,
    access,
    clients: createClients({ token: slack.botToken, slackApiUrl: slack.apiUrl }),
    connections: on.connections,
    queues: on.queues,
    clock: systemClock,
    log: silent,
  };
  const { clusters } = settings.config;
  const permissions = createAccess({ clusters, groups, homeTeam: () => undefined });
  const desk = createDesk({ verbs, clusters, permissions, runs: on.runs, clock: systemClock });
  const threads = createThreads(on.connections.records);

  /** The bot, and as many processes that report. */
  const startFront = async ({ reporting = 1 } = {}) => {
    front.bot = createBot(shared);
    await front.bot.start();
    front.reports = Array.from({ length: reporting }, () => startReports(shared));
  };
  const stopFront = async () => {
    await front.bot?.stop();
    await Promise.all(front.reports.map((one) => one.close({ deadlineMs: 2_000 })));
    delete front.bot;
    front.reports = [];
  };
  const worker = ({ lookEveryMs, ...options }: Partial<ScriptedOptions> & Pick<RunWorkerOptions, 'lookEveryMs'> = {}): Closable =>
    on.worker({
      advance: scripted({
        redis: on.probe,
        mayApprove: async (by, run, gate) => (await access.mayApproveNow(by, run, gate)).allowed,
        ...options,
      }),
      ...(lookEveryMs !== undefined && { lookEveryMs }),
    });
  /** The replies of a run whose key begins so, oldest first. */
  const replies = async (run: RunId, key: string): Promise<readonly LocalMessage[]> => {
    const posted = Object.entries((await threads.get(run))?.replies ?? {}).filter(([one]) => one.startsWith(key));
    const all = await slack.messages(channel);
    return posted.flatMap(([, { ts }]) => all.filter((message) => message.ts === ts));
  };
  await startFront();
  return {
    slack,
    on,
    access,
    startFront,
    stopFront,
    worker,
    replies,
    /** Begins a run; any number may live on the cluster. */
    begin: (words: readonly Word[]): Promise<RunRequest> => on.begin(words, { procedure: 'free' }),
    ended: (run: RunId) => on.ended(run, shownWithinMs),
    root: async (run: RunId) => (await threads.get(run))?.root.ts ?? '',
    /** Waits for the newest card of a run to say something. */
    async card(run: RunId, says: RegExp): Promise<LocalMessage> {
      const look = async () => (await replies(run, 'gate:')).findLast(({ text }) => says.test(text));
      try {
        return await until(`a card of ${run} says ${String(says)}`, look, shownWithinMs);
      } catch (cause) {
        const told = (await slack.messages(channel)).filter(({ text, ephemeral_to: to }) => to !== undefined && text.includes(run));
        const texts = [...(await replies(run, '')), ...told].map(({ text }) => text.slice(0, 120));
        throw new Error(`no card of ${run} says ${String(says)}, but: ${JSON.stringify(texts)}`, { cause });
      }
    },
    /** Every button that can be clicked in the thread of a run. */
    buttons: async (run: RunId) => (await replies(run, '')).flatMap(buttonsOf).map(({ action_id: id }) => id),
    /** Waits for what only one person sees. */
    whispered: (to: string, text: RegExp) => slack.message(channel, (one) => one.ephemeral_to === to && text.test(one.text)),
    /** Says it in a terminal of the bot's machine, as bob: in a process of its own. */
    terminal: (words: readonly string[]) => terminal(on.redis.url, words),
    /** The same without the process. */
    typed: (words: readonly string[]): Promise<Reply> =>
      desk.take({ words, prefix: 'etcd-medic' }, { user: bob, channel: { id: '' }, team: '', via: 'terminal' }),
    async close() {
      await stopFront();
      await on[Symbol.asyncDispose]();
    },
  };
}

/** The terminal gives up on Redis within seconds, which a stall of a busy machine can take. */
const mostAttempts = 5;

async function terminal(redisUrl: string, words: readonly string[]): Promise<string> {
  await using folder = await configFolder();
  const config = { ...folder.config(), terminalUsers: { [userInfo().username]: 'U0BOB' } };
  // Written and checked as the bot's own would be.
  folder.load(config);
  const env = { PATH: process.env['PATH'], ETCD_MEDIC_CONFIG: `${folder.path}/config.yaml`, REDIS_URL: redisUrl };
  for (let attempt = 1; ; attempt += 1) {
    const { code, stdout, stderr } = await ended(['src/cli.ts', ...words], env);
    if (code === exitCodes.done) return stdout;
    // Redis may have taken the word although its answer was late; the next attempt is told that there is nothing left to say.
    if (attempt > 1 && code === exitCodes.notDone) return stdout + stderr;
    if (code !== exitCodes.unavailable || attempt === mostAttempts)
      throw new Error(`the terminal ended with ${String(code)}: ${stdout}${stderr}`);
  }
}

function ended(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, words, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? exitCodes.done : (error.code ?? error.signal), stdout, stderr }),
    );
  });
}
