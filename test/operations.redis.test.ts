/** docs/operations.md: what it says of Redis is done here as it stands there, on a real one; its other commands are commands. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deskWords, setUpWords } from '../src/commands/words.ts';
import { verbs } from '../src/procedures/index.ts';
import { until } from './queue/until.ts';
import { freePort } from './slack/local-slack.ts';

const page = readFileSync('docs/operations.md', 'utf8');
const run = promisify(execFile);

/** The first block of commands below a heading. */
function commandsBelow(heading: string): string {
  const block = new RegExp(`^### ${heading}\n.*?^\`\`\`\n(.*?)^\`\`\``, 'ms').exec(page)?.[1];
  if (block === undefined) throw new Error(`no commands below ${heading}`);
  return block;
}

let folder: string;
let port: number;

/** A machine's Redis in a folder: its configuration, its data, and a systemctl and a redis-cli that are about it. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'medic-operations-'));
  port = await freePort();
  for (const name of ['bin', 'lib', 'etc', 'backups']) mkdirSync(join(folder, name));
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: join(folder, 'lib'),
    pidfile: join(folder, 'pid'),
    daemonize: 'yes',
    appendonly: 'yes',
    save: '""',
  };
  writeFileSync(
    join(folder, 'etc/redis.conf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  tool(
    'systemctl',
    `case "$1 $2" in
      'stop etcd-medic') ;;
      'start redis-server') exec redis-server ${folder}/etc/redis.conf >/dev/null ;;
      'stop redis-server') pid=$(cat ${folder}/pid); kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done ;;
      *) echo "systemctl $*?" >&2; exit 1 ;;
    esac`,
  );
  tool('redis-cli', `exec ${which('redis-cli')} -p ${port} "$@"`);
  await shell('systemctl start redis-server');
});
afterEach(async () => {
  await shell('systemctl stop redis-server').catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

function which(name: string): string {
  return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
}

function tool(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** Types commands in one shell that ends at the first that fails; the places of a machine are those of the folder. */
async function shell(commands: string): Promise<void> {
  const here = commands
    .replaceAll('/var/lib/redis', join(folder, 'lib'))
    .replaceAll('/etc/redis', join(folder, 'etc'))
    .replaceAll('/var/backups', join(folder, 'backups'));
  await run('sh', ['-euc', here], { env: { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` } });
}

/** Asks Redis one thing, as soon as it answers. */
async function ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  try {
    return await until('Redis answers', async () => ({ answer: await question(redis) }), 20_000).then(({ answer }) => answer);
  } finally {
    redis.disconnect();
  }
}

describe('docs/operations.md', () => {
  it('backs Redis up and restores it, with the append-only file on again, and kept over another start', async () => {
    await ask((redis) => redis.set('medic:marker', 'before'));
    await shell(commandsBelow('Back up'));
    await ask((redis) => redis.set('medic:marker', 'after'));

    await shell(commandsBelow('Restore'));

    expect(await ask((redis) => redis.get('medic:marker'))).toBe('before');
    expect(await ask((redis) => redis.info('persistence'))).toMatch(/^aof_enabled:1/m);
    await ask((redis) => redis.set('medic:since', 'the restore'));
    await shell('systemctl stop redis-server; systemctl start redis-server');
    expect(await ask((redis) => redis.mget('medic:marker', 'medic:since'))).toEqual(['before', 'the restore']);
    expect(readFileSync(join(folder, 'etc/redis.conf'), 'utf8')).toMatch(/^appendonly yes$/m);
  });

  it('keeps the backup of Redis from others', async () => {
    await shell(commandsBelow('Back up'));

    expect(execFileSync('stat', ['--format=%a', join(folder, 'backups/etcd-medic.rdb')], { encoding: 'utf8' }).trim()).toBe('600');
  });

  it('restores onto a Redis that has nothing', async () => {
    await ask((redis) => redis.set('medic:marker', 'before'));
    await shell(commandsBelow('Back up'));
    await shell('systemctl stop redis-server');
    rmSync(join(folder, 'lib/appendonlydir'), { recursive: true });
    await shell('systemctl start redis-server');

    await shell(commandsBelow('Restore'));

    expect(await ask((redis) => redis.get('medic:marker'))).toBe('before');
  });

  it('names no word of etcd-medic that there is not', () => {
    const known = new Set([...verbs, ...deskWords, ...setUpWords].map(({ id }) => id));
    const said = [
      ...page.matchAll(/(?:^|`| )(?:etcd-medic|etcd-medic --) ([a-z-]+) (?:prod|<run>)/gm),
      ...page.matchAll(/`etcd-medic ([a-z-]+)`/g),
    ];

    expect(said.length).toBeGreaterThan(5);
    expect(said.map(([, word]) => word).filter((word) => word === undefined || !known.has(word))).toEqual([]);
  });
});
