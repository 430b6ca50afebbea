/** The fence on the host, in a home of its own: session scripts of several workers, run by a real /bin/sh. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { look } from '../../src/host/command.ts';
import type { HostCommand } from '../../src/host/command.ts';
import { heldBack } from '../../src/host/epoch.ts';
import { frames, sessionScript } from '../../src/host/script.ts';
import { RunId } from '../../src/ids.ts';
import { waitUntil } from '../lab/wait.ts';

const nonce = '0123456789abcdef0123456789abcdef';
const runId = RunId.parse('restore-prod-7f3a9c');
const fenced = 300;
const unkept = 302;

/** As the ssh user, so that no sudo is needed. */
const change = (...argv: readonly string[]): HostCommand => ({ argv, as: 'self', changes: true });

let home: string;
const path = (name: string) => join(home, name);
const made = () => readdir(home).then((names) => names.filter((name) => !name.startsWith('.')).toSorted());
const onRecord = async () => (await readFile(path(`.etcd-medic/${runId}/epoch`), 'utf8')).trim();

/** Whether a newer worker would have to wait now. */
const isHeld = () => spawnSync('flock', ['--nonblock', path(`.etcd-medic/${runId}/commands`), 'true']).status === 1;

/** In memory: on a busy disk the `sync` of each session takes so long that the last of eight does not get its turn in time. */
const homes = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
beforeEach(async () => {
  home = await mkdtemp(join(homes, 'medic-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

interface Started {
  readonly pid: number;
  readonly ended: Promise<{ readonly exitCodes: readonly number[]; readonly stderr: string }>;
  send(input: string): void;
}

/** A session of the worker that holds this epoch. */
function begin(
  epoch: number,
  commands: readonly HostCommand[],
  options: { readonly run?: RunId; readonly readsInput?: boolean } = {},
): Started {
  const { run = runId, readsInput = false } = options;
  const script = sessionScript(commands, nonce, { epoch: { runId: run, epoch }, readsInput });
  const child = spawn('/bin/sh', ['-c', script], { cwd: home, stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  if (!readsInput) child.stdin.end();
  const ended = once(child, 'close').then(() => {
    const answers = frames(Buffer.concat(out), Buffer.concat(err), nonce).slice(1);
    return { exitCodes: answers.map(({ exitCode }) => exitCode), stderr: answers.map(({ stderr }) => stderr.toString()).join('') };
  });
  return { pid: child.pid ?? 0, ended, send: (input) => child.stdin.end(input) };
}

const session = (...order: Parameters<typeof begin>) => begin(...order).ended;
const there = (name: string) => waitUntil(async () => (await made()).includes(name), { for: name, withinMs: 10_000, everyMs: 5 });

describe('a session that changes something', () => {
  it('is carried out, and leaves its epoch on record where nobody else can look', async () => {
    const { exitCodes } = await session(7, [change('touch', 'one'), look('true'), change('touch', 'two')]);

    expect(exitCodes).toEqual([0, 0, 0]);
    expect(await made()).toEqual(['one', 'two']);
    expect(await onRecord()).toBe('7');
    const modes = await session(7, [look('sh', '-c', 'find .etcd-medic -perm /077 | grep . && exit 1 || exit 0')]);
    expect(modes.exitCodes).toEqual([0]);
  });

  it('gives the exit codes of its commands as they are, and ends with the first that is not accepted', async () => {
    const { exitCodes } = await session(7, [
      { ...change('sh', '-c', 'exit 3'), accepts: [0, 3] },
      change('sh', '-c', 'exit 44'),
      change('touch', 'never'),
    ]);

    expect(exitCodes).toEqual([3, 44]);
    expect(await made()).toEqual([]);
  });

  it('is refused once a newer one was there, and tells which', async () => {
    await session(1_795_641_219_124, [change('touch', 'newer')]);

    const older = await session(1_795_641_219_123, [change('touch', 'older'), change('touch', 'more')]);

    expect(older).toEqual({ exitCodes: [fenced], stderr: '1795641219124\n' });
    expect(await made()).toEqual(['newer']);
    expect(await onRecord()).toBe('1795641219124');
  });

  it('is refused in its middle, before the command after the one in flight', async () => {
    const older = begin(1, [
      change('sh', '-c', 'touch begun; until [ -e go ]; do sleep 0.01; done; touch ended'),
      change('touch', 'second'),
    ]);
    await there('begun');
    const newer = begin(2, [change('sh', '-c', '[ -e ended ] && touch after')]);
    await waitUntil(async () => (await onRecord()) === '2', { for: 'the newer epoch on record', withinMs: 10_000, everyMs: 5 });

    expect(await made()).toEqual(['begun']);
    expect(isHeld()).toBe(true);
    await writeFile(path('go'), '');

    expect((await older.ended).exitCodes).toEqual([0, fenced]);
    expect((await newer.ended).exitCodes).toEqual([0]);
    expect(await made()).toEqual(['after', 'begun', 'ended', 'go']);
  });

  it('waits for the command in flight also when the shell that began it was killed', async () => {
    const older = begin(1, [change('sh', '-c', 'touch begun; until [ -e go ]; do sleep 0.01; done; touch ended')]);
    await there('begun');
    process.kill(older.pid, 'SIGKILL');
    const newer = begin(2, [change('sh', '-c', '[ -e ended ] && touch after')]);
    await waitUntil(async () => (await onRecord()) === '2', { for: 'the newer epoch on record', withinMs: 10_000, everyMs: 5 });
    expect(isHeld()).toBe(true);
    await writeFile(path('go'), '');

    expect((await newer.ended).exitCodes).toEqual([0]);
    expect(await made()).toContain('after');
    await older.ended;
  });

  it('holds up no other of the same worker', async () => {
    const long = begin(3, [change('sh', '-c', 'touch begun; until [ -e other ]; do sleep 0.01; done')]);
    await there('begun');

    expect((await session(3, [change('touch', 'other')])).exitCodes).toEqual([0]);
    expect((await long.ended).exitCodes).toEqual([0]);
  });

  it('waits for none of another run', async () => {
    const long = begin(3, [change('sh', '-c', 'touch begun; until [ -e other ]; do sleep 0.01; done')]);
    await there('begun');

    expect((await session(1, [change('touch', 'other')], { run: RunId.parse('restart-prod-000001') })).exitCodes).toEqual([0]);
    expect((await long.ended).exitCodes).toEqual([0]);
  });

  it('of many at once is let in only in order of their epochs, whoever comes first', async () => {
    const epochs = [5, 3, 8, 1, 7, 2, 6, 4];
    const line = (epoch: number) => change('sh', '-c', `echo ${epoch} >>order`);

    const results = await Promise.all(epochs.map((epoch) => session(epoch, [line(epoch)])));

    const order = (await readFile(path('order'), 'utf8')).trim().split('\n').map(Number);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order.at(-1)).toBe(8);
    expect(results.every(({ exitCodes: [code] }) => code === 0 || code === fenced)).toBe(true);
    expect(results.filter(({ exitCodes: [code] }) => code === 0)).toHaveLength(order.length);
  }, 60_000);

  it('that reads what its worker sends keeps nobody waiting, and is refused after that', async () => {
    const sending = begin(1, [change('sh', '-c', 'touch begun; cat >part'), change('mv', 'part', 'whole')], { readsInput: true });
    await there('begun');

    const newer = await session(2, [change('touch', 'newer')]);
    sending.send('late');

    expect(newer.exitCodes).toEqual([0]);
    expect((await sending.ended).exitCodes).toEqual([0, fenced]);
    expect(await made()).toEqual(['begun', 'newer', 'part']);
  });

  it('that reads what its worker sends gets all of it, and is refused like any other', async () => {
    const sending = begin(1, [change('sh', '-c', 'cat >whole')], { readsInput: true });
    sending.send('all of it');
    await sending.ended;
    await session(2, [change('true')]);
    const late = begin(1, [change('sh', '-c', 'cat >late')], { readsInput: true });
    late.send('');

    expect(await readFile(path('whole'), 'utf8')).toBe('all of it');
    expect((await late.ended).exitCodes).toEqual([fenced]);
    expect(await made()).toEqual(['whole']);
  });
});

describe('a host that cannot keep the record', () => {
  const expectRefused = async (because: RegExp) => {
    const { exitCodes, stderr } = await session(7, [change('touch', 'one')]);
    expect(exitCodes).toEqual([unkept]);
    expect(stderr).toMatch(because);
    expect(await made()).not.toContain('one');
  };

  it('because nothing can be made in the home changes nothing', async () => {
    // Where not even root can make anything.
    const before = home;
    home = '/proc/self';
    await expectRefused(/cannot create directory/).finally(() => {
      home = before;
    });
  });

  it('because something else stands in its place changes nothing', async () => {
    await writeFile(path('.etcd-medic'), '');
    await expectRefused(/exist|directory/i);
  });

  it('because a link stands in its place changes nothing, and nothing is made behind the link', async () => {
    await mkdir(path('elsewhere'));
    await symlink(path('elsewhere'), path('.etcd-medic'));
    await expectRefused(/own/);
    expect(await readdir(path('elsewhere'))).toEqual([]);
  });

  it.each(['', 'seven', '-1', '7 8'])('because the record is %j changes nothing', async (text) => {
    await session(7, [change('true')]);
    await writeFile(path(`.etcd-medic/${runId}/epoch`), text === '' ? '' : `${text}\n`);
    await expectRefused(/holds no epoch/);
  });

  it('because the record was removed under a worker that had begun changes nothing', async () => {
    await session(7, [change('true')]);
    await rm(path(`.etcd-medic/${runId}/epoch`));
    await expectRefused(/was removed/);
  });
});

describe('old records', () => {
  it('go when a new run comes after 30 days, and younger ones stay', async () => {
    const [old, young] = [RunId.parse('restore-prod-000001'), RunId.parse('restore-prod-000002')];
    for (const run of [old, young]) await session(1, [change('true')], { run });
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
    await utimes(path(`.etcd-medic/${old}`), daysAgo(32), daysAgo(32));
    await utimes(path(`.etcd-medic/${young}`), daysAgo(29), daysAgo(29));

    await session(1, [change('true')]);

    expect((await readdir(path('.etcd-medic'))).toSorted()).toEqual([young, runId].toSorted());
  });
});

describe('heldBack', () => {
  const attempt = { where: 'etcd01 (10.0.0.31)', command: change('rm', 'x'), limitMs: 1 };
  const of = (exitCode: number, stderr: string) => heldBack(attempt, { runId, epoch: 7 }, exitCode, stderr);

  it('names what was not run, where, and why', () => {
    expect(of(fenced, '8\n')).toMatchObject({
      code: 'HOST_FENCED',
      message: expect.stringMatching(/`rm x` was not run on etcd01 .*epoch 8 .*holds 7/),
    });
    expect(of(unkept, "mkdir: cannot create directory '.etcd-medic': Read-only file system\n")).toMatchObject({
      code: 'HOST_EPOCH_FAILED',
      message: expect.stringContaining('Read-only file system'),
    });
  });

  it('names what an earlier worker still runs', () => {
    expect(of(301, 'sudo -n rm -rf /data/etcd/x\n')).toMatchObject({
      code: 'HOST_COMMAND_TIMEOUT',
      message: expect.stringMatching(/still runs after 120 s \(`sudo -n rm -rf \/data\/etcd\/x`\)/),
    });
  });

  it('leaves the exit codes of commands alone', () => {
    expect([0, 1, 255].map((code) => of(code, ''))).toEqual([undefined, undefined, undefined]);
  });
});

describe('sessionScript', () => {
  it('makes no session that changes something in nobody’s name', () => {
    expect(() => sessionScript([look('true'), change('touch', 'x')], nonce)).toThrow('belongs to a run');
  });

  it('asks nothing of a host that is only looked at', async () => {
    await session(7, [look('true')]);

    expect(await readdir(home)).toEqual([]);
  });
});
