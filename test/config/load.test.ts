/** What the settings are made of, and that every mistake is reported at once, where it is and in words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { configFolder, mistakesOf, variables } from './example.ts';

describe('loadSettings', () => {
  it('gives the settings, with durations in milliseconds', async () => {
    await using folder = await configFolder();

    const settings = folder.load(folder.config());

    expect(settings).toMatchObject({ roles: ['bot', 'worker', 'reports'], logLevel: 'info', httpHost: '127.0.0.1', httpPort: 9464 });
    expect(settings.redisUrl.reveal()).toBe(variables.REDIS_URL);
    expect(settings.config.clusters).toMatchObject({ prod: { approvals: { required: 1, quorumLoss: 2, expiresAfter: 1_800_000 } } });
  });

  it.each(['0.0.0.0', '::1', '10.0.0.5'])('serves /healthz on %s when told so', async (host) => {
    await using folder = await configFolder();

    expect(folder.load(folder.config(), { ETCD_MEDIC_HTTP_HOST: host }).httpHost).toBe(host);
  });

  it('names the right form of an address that is none', async () => {
    await using folder = await configFolder();

    expect(mistakesOf(() => folder.load(folder.config(), { ETCD_MEDIC_HTTP_HOST: 'everywhere' }))).toEqual([
      'ETCD_MEDIC_HTTP_HOST: an IP address is needed, e.g. 127.0.0.1, or 0.0.0.0 for every address of the machine',
    ]);
  });

  it('freezes the settings through and through', async () => {
    await using folder = await configFolder();

    const { config } = folder.load(folder.config());

    expect(() => Object.assign(Object.values(config.clusters)[0]?.approvals ?? {}, { required: 0 })).toThrow(TypeError);
  });

  it('shows no secret when it is printed', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['prod'] ?? {}, { auth: { user: 'root', passwordFrom: 'PROD_PASSWORD' } });

    const settings = folder.load(config, { PROD_PASSWORD: 'etcd-password' });

    const printed = `${inspect(settings, { depth: 9 })} ${JSON.stringify(settings)} ${String(settings.redisUrl)}`;
    expect(settings.passwords).toHaveProperty('prod');
    for (const secret of ['etcd-password', 'redis-password', 'xoxb-', 'xapp-']) expect(printed).not.toContain(secret);
  });

  it('reports mistakes of the environment, the file and the files it names at once', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    const { prod } = config.clusters;
    Object.assign(prod?.members['etcd02'] ?? {}, { clientUrl: '10.0.0.32:2379' });
    Object.assign(prod ?? {}, { chanels: ['C0INCIDENT'] });
    Object.assign(prod?.ssh ?? {}, { identityFile: '/nowhere/id_ed25519', port: '22' });
    delete prod?.members['etcd03']?.['peerUrl'];

    const mistakes = mistakesOf(() => folder.load(config, { SLACK_BOT_TOKEN: '', LOG_LEVEL: 'loud' }));

    expect(withoutLines(mistakes).toSorted()).toEqual([
      'LOG_LEVEL: one of fatal, error, warn, info, debug, trace is needed',
      'SLACK_BOT_TOKEN: is not set, and the roles bot, worker, reports need it',
      'clusters.prod.chanels: unknown key; did you mean channels?',
      'clusters.prod.members.etcd02.clientUrl: a URL with scheme, host and port is needed, e.g. https://10.0.0.31:2379',
      'clusters.prod.members.etcd03.peerUrl: is missing',
      'clusters.prod.ssh.identityFile: /nowhere/id_ed25519 does not exist',
      'clusters.prod.ssh.port: a number is needed, not a text',
    ]);
  });

  it('wants a key and known hosts for every host on the way, and paths that ssh reads as they stand', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    const login = { user: 'jump', identityFile: join(folder.path, 'id_ed25519'), knownHostsFile: join(folder.path, 'known_hosts') };
    Object.assign(config.clusters['prod']?.ssh ?? {}, {
      proxyJump: [
        { ...login, host: '10.0.0.9' },
        { host: '-oProxyCommand=id', user: 'a b' },
        { ...login, host: 'b', identityFile: '/nowhere/id"', knownHostsFile: '/nowhere/${HOME}\nProxyCommand id' },
      ],
    });
    Object.assign(config.clusters['lone']?.ssh ?? {}, { proxyJump: [] });

    const mistakes = mistakesOf(() => folder.load(config));

    const path = 'a path for ssh must not hold quotes, backslashes, dollar signs or control characters';
    expect(withoutLines(mistakes).filter((line) => !line.endsWith('does not exist'))).toEqual([
      'clusters.prod.ssh.proxyJump.1.host: a host name or address is needed',
      'clusters.prod.ssh.proxyJump.1.user: a user name is needed, e.g. etcdops',
      'clusters.prod.ssh.proxyJump.1.identityFile: is missing',
      'clusters.prod.ssh.proxyJump.1.knownHostsFile: is missing',
      `clusters.prod.ssh.proxyJump.2.identityFile: ${path}`,
      `clusters.prod.ssh.proxyJump.2.knownHostsFile: ${path}`,
      'clusters.lone.ssh.proxyJump: at least one is needed',
    ]);
    expect(withoutLines(mistakes)).toContain('clusters.prod.ssh.proxyJump.2.identityFile: /nowhere/id" does not exist');
  });

  it.each([0, -1])('refuses %i approvers, and says why', async (count) => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['prod'] ?? {}, { approvals: { required: count, quorumLoss: count, expiresAfter: '30m' } });

    const mistakes = mistakesOf(() => folder.load(config));

    expect(withoutLines(mistakes)).toEqual([
      'clusters.prod.approvals.required: at least 1 approver is needed: silence is never a yes',
      'clusters.prod.approvals.quorumLoss: at least 1 approver is needed: silence is never a yes',
    ]);
  });

  it('takes five minutes for the delay of a break-glass when none is named, and names its misspelt keys', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    const withGlass = (breakGlass: object) => Object.assign(config.clusters['prod']?.approvals ?? {}, { breakGlass });

    withGlass({ people: ['U0ALICE'] });
    const { prod } = folder.load(config).config.clusters as Record<string, { approvals: unknown }>;
    withGlass({ people: ['alice'], dely: '5m' });

    expect(prod?.approvals).toMatchObject({ breakGlass: { people: ['U0ALICE'], delay: 300_000 } });
    expect(withoutLines(mistakesOf(() => folder.load(config))).toSorted()).toEqual([
      'clusters.prod.approvals.breakGlass.dely: unknown key; did you mean delay?',
      expect.stringMatching(/^clusters\.prod\.approvals\.breakGlass\.people\.0: a Slack user id/),
    ]);
  });

  it('says on which line of config.yaml a mistake is', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['lone']?.etcd ?? {}, { unit: '/data' });

    const [mistake] = mistakesOf(() => folder.load(config));

    const line = Number(/^clusters\.lone\.etcd\.unit: .* \(line (\d+)\)$/.exec(mistake ?? '')?.[1]);
    expect(readFileSync(`${folder.path}/config.yaml`, 'utf8').split('\n')[line - 1]).toMatch(/^ +unit: \/data$/);
  });

  it.each([
    ['a list that is not closed', 'clusters: [\n', /config\.yaml: line 2: /],
    ['a key that stands twice', 'clusters:\n  a: 1\n  a: 2\n', /config\.yaml: line 3: Map keys must be unique$/],
    ['an empty file', '', /config\.yaml: the file is empty$/],
    ['a list instead of a mapping', '- prod\n', /config\.yaml: a mapping is needed, not a list$/],
  ])('names the line of %s', async (_, text, expected) => {
    await using folder = await configFolder();

    expect(mistakesOf(() => folder.load(text))).toEqual([expect.stringMatching(expected)]);
  });

  it('says which file it looked for when there is none', async () => {
    await using folder = await configFolder();

    const mistakes = mistakesOf(() => folder.load(folder.config(), { ETCD_MEDIC_CONFIG: '/nowhere/config.yaml' }));

    expect(mistakes).toEqual(['/nowhere/config.yaml: there is no such file; ETCD_MEDIC_CONFIG says where it is']);
  });

  it('does not repeat a password that was written where its variable belongs', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['prod'] ?? {}, { auth: { user: 'root', passwordFrom: 'hunter2' } });

    const mistakes = mistakesOf(() => folder.load(config));

    expect(withoutLines(mistakes)).toEqual([
      'clusters.prod.auth.passwordFrom: the name of an environment variable is needed, e.g. PROD_ETCD_PASSWORD',
    ]);
  });

  it('names the variable of a password that is not set', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['prod'] ?? {}, { auth: { user: 'root', passwordFrom: 'PROD_PASSWORD' } });

    const mistakes = mistakesOf(() => folder.load(config));

    expect(withoutLines(mistakes)).toEqual(['clusters.prod.auth.passwordFrom: the environment variable PROD_PASSWORD is not set']);
  });

  it('asks a process only for what its roles need', async () => {
    await using folder = await configFolder();
    const config = folder.config();
    Object.assign(config.clusters['prod']?.ssh ?? {}, { identityFile: '/nowhere/id_ed25519' });
    const noSlack = { SLACK_BOT_TOKEN: undefined, SLACK_APP_TOKEN: undefined };

    expect(folder.load(config, noSlack, { roles: [] }).slack).toBeUndefined();
    expect(folder.load(config, { SLACK_APP_TOKEN: undefined, ETCD_MEDIC_ROLES: 'reports' }).slack).toMatchObject({ listen: undefined });
    expect(withoutLines(mistakesOf(() => folder.load(config, { ...noSlack, ETCD_MEDIC_ROLES: 'worker' })))).toEqual([
      'clusters.prod.ssh.identityFile: /nowhere/id_ed25519 does not exist',
    ]);
  });

  it('listens by Socket Mode with an app token and by HTTP with a signing secret', async () => {
    await using folder = await configFolder();

    const socket = folder.load(folder.config(), { SLACK_SIGNING_SECRET: '0123456789abcdef' }).slack;
    const http = folder.load(folder.config(), { SLACK_APP_TOKEN: '', SLACK_SIGNING_SECRET: '0123456789abcdef', PORT: '8080' }).slack;

    expect(socket?.listen).toMatchObject({ mode: 'socket' });
    expect(http?.listen).toMatchObject({ mode: 'http', port: 8080 });
    expect(mistakesOf(() => folder.load(folder.config(), { SLACK_APP_TOKEN: '' }))).toEqual([
      'SLACK_APP_TOKEN: is not set: set it for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP',
    ]);
  });

  it('warns of a variable that nobody reads', async () => {
    await using folder = await configFolder();

    const { warnings } = folder.load(folder.config(), { ETCD_MEDIC_ROLE: 'bot' });

    expect(warnings).toContain('ETCD_MEDIC_ROLE: unknown key; did you mean ETCD_MEDIC_ROLES?');
  });
});

function withoutLines(mistakes: readonly string[]): string[] {
  return mistakes.map((line) => line.replace(/ \(line \d+\)$/, ''));
}
