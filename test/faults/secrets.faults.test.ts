/**
 * Secrets are planted wherever there can be some, a host prints what it should not, and things go wrong in every way: then nothing that
 * the bot wrote anywhere holds one of them.
 */
import { glob, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickCard, say, startRun, waitFor, waitForEnd, waitForGate } from '../stage/acting.ts';
import { NotReady, startBotProcess } from '../stage/bot-process.ts';
import type { BotProcess } from '../stage/bot-process.ts';
import { channels, createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { openTerminal } from '../stage/terminal.ts';

const planted = {
  'the password of Redis': 'planted-redis-p4ss/word',
  'a password in the environment file of a host': 'planted-envfile-value',
  'a setting in the environment file of a host that nobody knows': 'planted-envfile-unnamed',
  'the environment of a unit': 'planted-unit-value',
  'a signing secret': 'planted-signing-secret',
} as const;

let stage: Stage;
let bot: BotProcess;
/** Every secret by what it is. */
const secrets = new Map<string, string>(Object.entries(planted));
/** What was printed somewhere else than into the log. */
const printed: string[] = [];

const host = () => stage.lab.host('etcd01');
const typed = async (words: string, more: Readonly<Record<string, string>> = {}) => {
  const said = await openTerminal({ environment: { ...stage.environment, ...more } }, words.split(' ')).ended();
  printed.push(said.stdout, said.stderr);
  return said;
};
/** A line from the middle of a key. */
const keyLine = async (path: string) => (await readFile(path, 'utf8')).split('\n')[2] ?? '';

/** What a host can print without its showing anywhere: what the bot was given. */
const knownToBot = [
  'the password of Redis',
  'the password of etcd',
  'a signing secret',
  'the bot token',
  'the app token',
  'the ssh key',
  'the TLS key',
] as const;

/** etcdctl on the host says what it should not, with a password and a private key of the host's own in a form that gives them away, and fails at a restore when it is told to. */
async function plantOnHost(): Promise<void> {
  const { exec } = host();
  const known = knownToBot.map((what) => secrets.get(what) ?? expect.fail(what));
  const assignment = `BACKUP_UPLOAD_PASSWORD=${planted['a password in the environment file of a host']}`;
  await exec(['sh', '-c', 'umask 022; cat > /var/planted'], { input: [...known, assignment, await wholeKey()].join('\n') });
  await exec([
    'sh',
    '-euc',
    `printf '%s\\n' 'BACKUP_UPLOAD_PASSWORD="${planted['a password in the environment file of a host']}"' \
'ETCD_PLANTED="${planted['a setting in the environment file of a host that nobody knows']}"' >> /etc/default/etcd
mkdir -p /etc/systemd/system/etcd.service.d
printf '[Service]\\nEnvironment=PLANTED=%s\\n' '${planted['the environment of a unit']}' > /etc/systemd/system/etcd.service.d/planted.conf
mv /usr/bin/etcdctl /usr/bin/etcdctl.real
cat > /usr/bin/etcdctl <<'SCRIPT'
#!/bin/sh
cat /var/planted >&2
case "$*" in *--help*) ;; *"snapshot restore"*) if [ -e /var/fail ]; then cat /var/planted >&2; exit 1; fi ;; esac
exec /usr/bin/etcdctl.real "$@"
SCRIPT
chmod 755 /usr/bin/etcdctl
systemctl daemon-reload
systemctl restart etcd`,
  ]);
  await stage.lab.waitHealthy();
}

const wholeKey = () => readFile(stage.lab.pki.servers['etcd01']?.key ?? stage.lab.pki.plain.key, 'utf8');

beforeAll(async () => {
  stage = await createStage({ name: 'e2e-secrets', members: 1, redisPassword: planted['the password of Redis'] });
  const { lab, slack } = stage;
  secrets.set('the password of etcd', lab.rootPassword);
  secrets.set('the bot token', slack.botToken);
  secrets.set('the app token', slack.appToken);
  secrets.set('the ssh key', await keyLine(lab.ssh.identityFile));
  secrets.set('the TLS key', await keyLine(lab.pki.root.key));
  secrets.set('the TLS key of another certificate', await keyLine(lab.pki.otherCa.key));
  bot = await stage.start('bot,worker,reports', { LOG_LEVEL: 'trace', SLACK_SIGNING_SECRET: planted['a signing secret'] });
  await plantOnHost();
  // A key of the host's own, which the bot was never given.
  secrets.set('the TLS key of a host', (await wholeKey()).split('\n')[2] ?? '');
  await stage.lab.etcdctl(['put', '/name/1', 'test']);
});
afterAll(() => stage.down());

describe('the stage is set so that', () => {
  it('every secret is one that would be noticed', () => {
    for (const [what, secret] of secrets) expect(secret.length, what).toBeGreaterThanOrEqual(8);
  });
});

describe('after', () => {
  it('a backup and a restore through Slack, with a host that prints secrets', async () => {
    await say(stage, 'status demo');
    expect((await waitForEnd(stage, await startRun(stage, 'backup demo'))).outcome).toBe('completed');
    const run = await startRun(stage, 'restore demo --while-healthy');
    await clickCard(stage, await waitForGate(stage, run, 'replace-data'), 'approve');
    await clickCard(stage, await waitForGate(stage, run, 'delete-old-data'), 'reject');
    expect((await waitForEnd(stage, run)).outcome).toBe('completed');
    await say(stage, `show ${run} --journal`);
    await stage.slack.message(channels.incident, ({ text }) => text.includes('was added to its thread as a file'));
    await typed(`show ${run} --journal`);
    await typed(`show ${run} --journal --json`);
    // Proof that the host did print them.
    expect(JSON.stringify(await stage.runs.journal(run))).toContain('[secret]');

    await expectNothingShows();
  });

  it('a step that fails with secrets in what the host said', async () => {
    await host().exec(['touch', '/var/fail']);

    const run = await startRun(stage, 'restore demo --while-healthy');
    const failed = await waitFor(stage, run, ({ openGate }) => openGate?.kind === 'failure');
    await clickCard(stage, failed.openGate ?? expect.fail('no gate'), 'abort');
    await waitForEnd(stage, run);
    await typed(`show ${run}`);

    await host().exec(['rm', '/var/fail']);
    await expectNothingShows();
  });

  it('a refused sudo', async () => {
    await host().fault('refuse-sudo');

    const run = await startRun(stage, 'restore demo --while-healthy');
    const gate = await waitForGate(stage, run, 'preflight');
    await clickCard(stage, gate, 'abort');
    await waitForEnd(stage, run);

    await host().fault('allow-sudo');
    await expectNothingShows();
  });

  it('a certificate that etcd does not trust, a password that is wrong, and a Redis that refuses', async () => {
    await bot.stop();
    const config = parse(await readFile(stage.configPath, 'utf8')) as { clusters: { demo: { tls: unknown } } };
    const { otherCa, ca } = stage.lab.pki;
    const wrong = join(stage.directory, 'wrong.yaml');
    config.clusters.demo.tls = { ca, cert: otherCa.cert, key: otherCa.key };
    await writeFile(wrong, stringify(config));
    const environment = { ...stage.environment, ETCD_MEDIC_CONFIG: wrong };
    const ended = await startBotProcess({ environment, logFile: stage.logFile }).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(NotReady);
    printed.push(String(ended));
    // The bot trusts both authorities, etcd only the one.
    const both = join(stage.directory, 'both.pem');
    await writeFile(both, (await readFile(ca, 'utf8')) + (await readFile(otherCa.ca, 'utf8')));
    config.clusters.demo.tls = { ca: both, cert: otherCa.cert, key: otherCa.key };
    await writeFile(wrong, stringify(config));
    const second = await stage.start('bot,worker,reports', { LOG_LEVEL: 'trace', ETCD_MEDIC_CONFIG: wrong });
    await typed('status demo');
    const run = await startRun(stage, 'backup demo');
    await waitFor(stage, run, ({ openGate, state }) => openGate !== undefined || state === 'ended');
    await typed(`abort ${run}`);
    await second.stop();
    secrets.set('the wrong password of Redis', 'planted-wrong-redis');
    const refused = await typed('runs', { REDIS_URL: stage.environment['REDIS_URL']?.replace(/:[^:@]+@/, ':planted-wrong-redis@') ?? '' });
    expect(refused.exitCode).not.toBe(0);

    await expectNothingShows();
  });

  it('a configuration with secrets in the wrong places', async () => {
    const wrongly = {
      REDIS_URL: 'planted-in-redis-url',
      SLACK_BOT_TOKEN: 'planted-in-bot-token',
      SLACK_APP_TOKEN: 'planted-in-app-token',
      SLACK_SIGNING_SECRET: 'planted in signing',
    };
    for (const [name, secret] of Object.entries(wrongly)) secrets.set(`${name} that is none`, secret);
    secrets.set('a password in config.yaml', 'planted-in-config');
    const text = (await readFile(stage.configPath, 'utf8')).replace(/passwordFrom: .*/, 'passwordFrom: planted-in-config');
    const wrong = join(stage.directory, 'mistaken.yaml');
    await writeFile(wrong, text);

    for (const environment of [
      { ...stage.environment, ...wrongly, ETCD_MEDIC_CONFIG: wrong },
      { ...stage.environment, ETCD_MEDIC_CONFIG: wrong },
    ]) {
      const ended = await startBotProcess({ environment, logFile: stage.logFile }).catch((error: unknown) => error);
      expect(ended).toBeInstanceOf(NotReady);
      expect(ended).toMatchObject({ exitCode: 78 });
      printed.push(String(ended));
      await typed('runs', environment);
    }

    await expectNothingShows();
  });
});

/** Looks for every secret in all that was written: Redis as it is and as it ever was, Slack's messages and files, logs, screens. */
async function expectNothingShows(): Promise<void> {
  const places = new Map<string, string>([
    ['the log', await readFile(stage.logFile, 'utf8')],
    ['the terminal', printed.join('\n')],
    ...(await redisTexts()),
    ...(await slackTexts()),
  ]);
  const found = [...places].flatMap(([place, text]) =>
    [...secrets].filter(([, secret]) => forms(secret).some((form) => text.includes(form))).map(([what]) => `${what}: in ${place}`),
  );
  expect(found).toEqual([]);
  expect([...places].filter(([, text]) => text.length > 0).length).toBeGreaterThan(5);
}

const forms = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').slice(0, -4),
];

async function redisTexts(): Promise<[string, string][]> {
  const redis = new Redis(stage.environment['REDIS_URL'] ?? '', { replyMapping: 'legacy' });
  try {
    const texts: [string, string][] = [];
    for (const key of await redis.keys('*')) texts.push([`Redis, ${key}`, `${key} ${await valueOf(redis, key)}`]);
    // The append-only file holds every word that was ever written, also of what was deleted since.
    const [, directory = ''] = await redis.config('GET', 'dir');
    texts.push(...(await filesUnder(directory, 'the append-only file')));
    return texts;
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1));
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1'));
    case 'set':
      return JSON.stringify(await redis.smembers(key));
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return '';
  }
}

async function slackTexts(): Promise<[string, string][]> {
  const { slack } = stage;
  const messages = await Promise.all(Object.values(channels).map((channel) => slack.messages(channel)));
  return [['Slack, the messages', JSON.stringify(messages)], ...(await filesUnder(slack.filesDirectory, 'Slack, the files'))];
}

async function filesUnder(directory: string, what: string): Promise<[string, string][]> {
  const texts: [string, string][] = [];
  for await (const name of glob('**/*', { cwd: directory })) {
    const path = join(directory, name);
    if ((await stat(path)).isFile()) texts.push([`${what}, ${name}`, await readFile(path, 'latin1')]);
  }
  expect(texts.length, what).toBeGreaterThan(0);
  return texts;
}
