/** What is shipped to run the bot says the same as the program: Dockerfile, compose.yaml and the systemd unit. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Environment } from '../src/config/environment.ts';

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

    expect(instructions.filter(({ name }) => name === 'FROM').map(({ text }) => text.split(' ')[0])).toEqual(
      Array(2).fill(`node:${major}-bookworm-slim`),
    );
  });

  it('brings ssh and the tool that looks into snapshots', () => {
    const installed = instructions.find(({ text }) => text.startsWith('apt-get'))?.text ?? '';

    expect(installed.split(' ')).toEqual(expect.arrayContaining(['openssh-client', 'etcd-client']));
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

    expect([words[0], words.at(-1)]).toEqual(['node_modules/node/bin/node', 'src/main.ts']);
  });

  it('does not start again when the configuration is wrong', () => {
    expect(unit).toMatch(/^RestartPreventExitStatus=78$/m);
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
