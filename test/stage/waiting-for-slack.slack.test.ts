/** The process while Slack is not to be had: its worker carries on, the terminal is answered, and /healthz says which role is not up and why. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFolder } from '../config/example.ts';
import type { RawCluster } from '../config/example.ts';
import { startRedis } from '../queue/redis.ts';
import type { TestRedis } from '../queue/redis.ts';
import { until } from '../queue/until.ts';
import { startLocalSlack } from '../slack/local-slack.ts';
import type { LocalSlack } from '../slack/local-slack.ts';
import { startBotProcess } from './bot-process.ts';
import type { BotProcess } from './bot-process.ts';
import { startSlackFault } from './slack-fault.ts';
import type { Behaviour, SlackFault } from './slack-fault.ts';
import { openTerminal } from './terminal.ts';

/** On a busy machine. */
const limitMs = 60_000;
const testLimitMs = 240_000;

let redis: TestRedis;
let slack: LocalSlack;
let fault: SlackFault;
let folder: Awaited<ReturnType<typeof configFolder>>;
let logs: string;
let environment: Record<string, string>;
let bot: BotProcess | undefined;

beforeEach(async () => {
  redis = await startRedis();
  slack = await startLocalSlack({ users: [{ id: 'U0ALICE', name: 'alice' }], channels: [{ id: 'C0INCIDENT', name: 'inc-etcd' }] });
  fault = await startSlackFault(slack.apiUrl);
  logs = await mkdtemp(join(tmpdir(), 'medic-waiting-'));
  folder = await configFolder();
  const { clusters, ...rest } = folder.config();
  const { lone } = clusters;
  // Its member answers nobody: what a question about it comes to is no matter here, that it is answered is.
  const member = { host: '127.0.0.1', clientUrl: 'http://127.0.0.1:1', peerUrl: 'http://127.0.0.1:2' };
  const config = {
    ...rest,
    clusters: { lone: { ...lone, operators: ['U0ALICE'], members: { etcd01: member } } as RawCluster },
    terminalUsers: { [userInfo().username]: 'U0ALICE' },
  };
  folder.load(config);
  environment = {
    ETCD_MEDIC_CONFIG: join(folder.path, 'config.yaml'),
    ETCD_MEDIC_HTTP_PORT: '0',
    REDIS_URL: redis.url,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: fault.apiUrl,
  };
});
afterEach(async () => {
  await bot?.stop();
  bot = undefined;
  await fault.stop();
  await slack.stop();
  await redis.destroy();
  await folder[Symbol.asyncDispose]();
  await rm(logs, { recursive: true, force: true });
});

async function start(behaviour: Behaviour): Promise<BotProcess> {
  fault.behave(behaviour);
  bot = await startBotProcess({
    environment,
    logFile: join(logs, 'bot.log'),
    until: behaviour === 'well' ? 'ready' : 'health is served',
  });
  return bot;
}

interface Health {
  readonly healthy: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

async function health({ healthPort }: BotProcess): Promise<Health> {
  return (await (await fetch(`http://127.0.0.1:${healthPort}/healthz`)).json()) as Health;
}

/** Waits until /healthz says this of the bot. */
const says = (one: BotProcess, pattern: RegExp) =>
  until(
    `/healthz says ${pattern} of the bot`,
    async () => {
      const seen = await health(one);
      return pattern.test(seen.checks['bot'] ?? '') && seen;
    },
    limitMs,
  );

async function asked(words: readonly string[]) {
  return await openTerminal({ environment }, words).ended();
}

describe('a process that cannot have Slack', () => {
  it.each([
    ['is cut off', 'cut', /^Slack did not answer/],
    ['fails', 'failing', /^Slack did not answer/],
    ['does not know the token', 'refusing', /^Slack does not take SLACK_BOT_TOKEN \(invalid_auth\)\. Set the named variable/],
  ] as const)(
    'because it %s: it stays, its worker answers the terminal, and /healthz says why',
    async (_what, behaviour, why) => {
      const one = await start(behaviour);

      const { healthy, checks } = await says(one, why);

      expect(healthy).toBe(false);
      expect(checks).toMatchObject({ redis: 'well', worker: 'well', reports: expect.stringMatching(why) as string });
      await until('a worker is listed', async () => (await asked(['status', 'lone'])).exitCode === 0, limitMs);
      expect((await asked(['status', 'lone'])).stdout).toContain('lone');
      expect((await health(one)).healthy).toBe(false);
    },
    testLimitMs,
  );

  it(
    'is connected as soon as there is one, and takes words then',
    async () => {
      const one = await start('cut');
      await says(one, /^Slack did not answer/);

      fault.behave('well');

      expect(await says(one, /^well$/)).toMatchObject({ checks: { reports: expect.any(String) as string } });
      await until('all of it is well', async () => (await health(one)).healthy, limitMs);
      await slack.command('U0ALICE', 'C0INCIDENT', 'whoami');
      expect((await slack.message('C0INCIDENT', ({ text }) => text.includes('You are'))).text).toContain('U0ALICE');
    },
    testLimitMs,
  );

  it(
    'because the token is revoked while it runs: it stays, and says so',
    async () => {
      const one = await start('well');
      expect((await health(one)).healthy).toBe(true);

      fault.behave('refusing');

      expect(await says(one, /invalid_auth/)).toMatchObject({ healthy: false, checks: { worker: 'well' } });
      expect((await asked(['status', 'lone'])).exitCode).toBe(0);
    },
    testLimitMs,
  );
});

describe('a terminal without a worker', () => {
  it(
    'says that a run waits for one, and that nobody would answer a question',
    async () => {
      const following = openTerminal({ environment }, ['status', 'lone', '--json']);
      const said = await following.ended();
      expect(said).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('"code":"WORKER_MISSING"') as string });

      const terminal = openTerminal({ environment }, ['backup', 'lone', '--plan']);
      await terminal.shows(/No worker is there, so nothing happens until one is: start one/);
      terminal.signal('SIGINT');
      expect((await terminal.ended()).exitCode).toBe(130);
    },
    testLimitMs,
  );
});

describe('a process whose Redis is frozen', () => {
  it(
    'says so at /healthz and at /metrics within seconds, and is well again afterwards',
    async () => {
      const one = await start('well');
      redis.freeze(true);
      const begun = performance.now();

      const [seen, metrics] = await Promise.all([health(one), fetch(`http://127.0.0.1:${one.healthPort}/metrics`)]);

      expect(seen).toMatchObject({ healthy: false, checks: { redis: expect.stringContaining('does not answer') as string } });
      expect(metrics.status).toBe(200);
      const text = await metrics.text();
      expect(text).toContain('etcd_medic_up{check="redis"} 0');
      expect(text).not.toMatch(/^etcd_medic_jobs\{/m);
      expect(performance.now() - begun).toBeLessThan(10_000);
      redis.freeze(false);
      await until('it is well', async () => (await health(one)).healthy, limitMs);
      expect(await (await fetch(`http://127.0.0.1:${one.healthPort}/metrics`)).text()).toMatch(
        /etcd_medic_jobs\{queue="runs",state="waiting"\} 0/,
      );
    },
    testLimitMs,
  );
});
