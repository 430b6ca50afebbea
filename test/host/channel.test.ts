/** One conversation with a program on a host that is well, another one, or hostile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openChannel } from '../../src/host/channel.ts';
import { openProcess } from '../../src/host/ssh.ts';
import { hello, scripted, where } from './scripted-host.ts';
import type { Move, Script } from './fake-program.ts';

const opened = async (script: Partial<Script>, helloLimitMs?: number) =>
  await openChannel(scripted([{ hello: [hello], answers: {}, ...script }]).open, where, helloLimitMs);
const look = { verb: 'look', etcd: 'etcd', arguments: {} };
const asking = { what: 'look', limitMs: 10_000 };
/** What comes of one request that is answered so. */
const answered = async (moves: readonly Move[], more: Partial<typeof asking> = {}) => {
  const channel = await opened({ answers: { look: [moves] } });
  try {
    return { answer: await channel.ask(look, { ...asking, ...more }), isOpen: channel.isOpen() };
  } catch (error) {
    return { error, isOpen: channel.isOpen() };
  } finally {
    await channel.close();
  }
};
const done: Move = { line: { done: null } };

/** The first line of a program that speaks these versions. */
const speaking = (protocol: number, oldest?: number): Move =>
  `${JSON.stringify({ hello: 'etcd-medic-host', protocol, oldest, program: '0'.repeat(64), host: 'etcd01' })}\n`;

describe('opening a channel', () => {
  it.each([
    ['that is a release ahead and still speaks the version of this bot', 2, 1],
    ['of the same release', 1, 1],
    ['of a release that named no range', 1, undefined],
  ])('speaks with a program %s, in the version of both', async (_what, protocol, oldest) => {
    const host = scripted([{ hello: [speaking(protocol, oldest)], answers: { look: [[done]] } }]);
    const channel = await openChannel(host.open, where);

    await channel.ask(look, asking);

    expect(JSON.parse(readFileSync(join(host.dir, 'requests.jsonl'), 'utf8').split('\n')[0] ?? '')).toMatchObject({ protocol: 1 });
    await channel.close();
  });

  it('waits for the first line, however late', async () => {
    const channel = await opened({ hello: [{ waitMs: 300 }, hello] });

    expect(channel.hello).toMatchObject({ host: 'etcd01' });
    await channel.close();
  });

  it.each<[string, readonly Move[], string]>([
    ['a shell that waits', [{ silent: true }], 'nothing was said for 1 s'],
    ['a banner', ['Welcome to Ubuntu\n', hello], 'it says `Welcome to Ubuntu`'],
    ['garbage', ['\u0000\u001B[2Jxyz\n'], 'it says `xyz`'],
    ['a flood without a line', [{ bytes: 10_485_760 }], 'it says `xxxx'],
    ['another program', ['{"hello": "other", "protocol": 1}\n'], 'it says'],
    ['a program that does not speak the version of this bot any more', [speaking(3, 2)], 'it speaks protocol 3, the bot protocol 1'],
    [
      'a newer protocol',
      [JSON.stringify({ hello: 'etcd-medic-host', protocol: 2, program: 'x', host: 'h' }), '\n'],
      'it speaks protocol 2, the bot protocol 1',
    ],
    ['nothing', [{ exit: 0 }], 'it ended without a word'],
    ['a program that is not there', [{ stderr: 'bash: /usr/local/sbin/etcd-medic-host: No such file\n' }, { exit: 127 }], 'No such file'],
  ])('says that the key opens something else: %s', async (_, script, because) => {
    // Only silence is given up by a limit; all else must be read, however slow this machine is.
    const limitMs = script.some((move) => typeof move === 'object' && 'silent' in move) ? 1_000 : undefined;
    await expect(opened({ hello: script }, limitMs)).rejects.toMatchObject({
      code: 'HOST_DOOR_MISSING',
      message: expect.stringContaining(because) as string,
      hint: expect.stringContaining('kit') as string,
    });
  });

  it.each([
    ['sudo: a password is required', 1],
    ['Sorry, user etcdops is not allowed to execute /usr/local/sbin/etcd-medic-host as root on etcd01.', 1],
    ['sudo: /usr/local/sbin/etcd-medic-host: command not found', 1],
    ['etcdops is not in the sudoers file.', 1],
    ["sudo: I'm sorry etcdops. I'm afraid I can't do that", 1],
  ])('says that sudo does not start it: %s', async (said, exit) => {
    await expect(opened({ hello: [{ stderr: `${said}\n` }, { exit }] })).rejects.toMatchObject({
      code: 'HOST_SUDO_REFUSED',
      hint: expect.stringContaining('kit') as string,
    });
  });

  it('says what ssh says', async () => {
    const refused: Move = { stderr: 'ssh: connect to host 192.0.2.1 port 22: Connection refused\n' };

    await expect(opened({ hello: [refused, { exit: 255 }] })).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('says why the program may not even begin, in its own words', async () => {
    const error = { code: 'HOST_DESCRIPTION_INVALID', message: 'Others may write it.' };

    await expect(opened({ hello: [`${JSON.stringify({ id: 0, error })}\n`] })).rejects.toMatchObject({
      code: 'HOST_DESCRIPTION_INVALID',
      message: `${where}: Others may write it.`,
    });
  });

  it('blames this machine when it has no ssh', async () => {
    await expect(openChannel(() => openProcess('/nowhere/ssh', []), where)).rejects.toMatchObject({
      code: 'HOST_TOOL_MISSING',
      hint: expect.stringContaining('openssh-client') as string,
    });
  });
});

describe('a request', () => {
  it('gets what was done, and the channel goes on', async () => {
    const channel = await opened({ answers: { look: [[{ line: { done: { a: 1 } } }], [{ line: { done: { a: 2 } } }]] } });

    expect((await channel.ask(look, asking)).done).toEqual({ a: 1 });
    expect((await channel.ask(look, asking)).done).toEqual({ a: 2 });
    await channel.close();
  });

  it('gets an error in due form, and the channel goes on', async () => {
    const error = { code: 'HOST_DISK_FULL', message: 'There is no room.', hint: 'Make some.' };

    expect(await answered([{ line: { error } }])).toMatchObject({
      error: { code: 'HOST_DISK_FULL', message: `${where}: There is no room.`, hint: 'Make some.' },
      isOpen: true,
    });
  });

  it('of a program that does not understand it ends the channel', async () => {
    expect(await answered([{ line: { error: { code: 'HOST_PROTOCOL', message: 'There is no verb.' } } }])).toMatchObject({
      error: { code: 'HOST_PROTOCOL' },
      isOpen: false,
    });
  });

  it.each([
    ['an unknown code', 'EVERYTHING_FINE'],
    ['a code that is about the way there', 'HOST_UNREACHABLE'],
    ['a code of another folder', 'RUN_TAKEN_OVER'],
    ['a name that all objects have', 'toString'],
  ])('takes %s for a command that failed', async (_, code) => {
    expect(await answered([{ line: { error: { code, message: 'x' } } }])).toMatchObject({ error: { code: 'HOST_COMMAND_FAILED' } });
  });

  it('shows what a host says without what misleads, and bounded', async () => {
    const message = `\u001B[2J\u202Edekcuf\u202C ${'long '.repeat(1_000)}`;
    const { error } = (await answered([{ line: { error: { code: 'HOST_FENCED', message, hint: '\u001B[8mhidden' } } }])) as {
      error: { message: string; hint: string };
    };

    expect(error.message).toMatch(/^etcd01 \(192\.0\.2\.1\): dekcuf +long /);
    expect(error.message.length).toBeLessThan(700);
    expect(error.hint).toBe('hidden');
  });

  it.each<[string, readonly Move[], string]>([
    ['an endless line', ['{"id": $id, "done": "', { bytes: 300_000 }, '"}\n'], 'longer than 262144 bytes'],
    ['ten megabytes without a newline', [{ bytes: 10_485_760 }], 'longer than 262144 bytes'],
    ['the answer to another request', ['{"id": 99, "done": null}\n'], 'belongs to another request'],
    ['no JSON', ['Segmentation fault\n'], 'no JSON object'],
    ['an operation of another form', [{ line: { begins: { argv: 'rm' } } }], 'begins'],
    ['bytes that nobody asked for', [{ stream: 'abc' }, done], 'nobody asked for'],
    ['a wish for bytes that nobody has', [{ line: { ready: true } }, done], 'nobody has'],
    [
      'operations without an end',
      [...Array.from({ length: 2_001 }, (): Move => ({ line: { begins: { argv: ['a'], as: 'root', changes: true } } })), done],
      'more than 1000 operations',
    ],
  ])('ends the channel at %s', async (_, moves, because) => {
    expect(await answered(moves)).toMatchObject({
      error: { code: 'HOST_OUTPUT_UNKNOWN', message: expect.stringContaining(because) as string },
      isOpen: false,
    });
  });

  it('does not take what follows an answer for the next one', async () => {
    const channel = await opened({ answers: { look: [[done, { line: { begins: { argv: ['a'], as: 'root', changes: true } } }]] } });
    await channel.ask(look, asking);

    await expect(channel.ask(look, asking)).rejects.toMatchObject({ code: 'HOST_OUTPUT_UNKNOWN' });
    await channel.close();
  });

  it('is waited for as long as its limit, and then the channel is ended', async () => {
    expect(await answered([{ silent: true }], { limitMs: 400 })).toMatchObject({
      error: { code: 'HOST_COMMAND_TIMEOUT', message: expect.stringContaining('may still be running') as string },
      isOpen: false,
    });
  });

  it('is not waited for longer because progress is told', async () => {
    const chatty = Array.from({ length: 50 }, (): readonly Move[] => [{ line: { progress: { bytes: 1 } } }, { waitMs: 50 }]).flat();

    expect(await answered([...chatty, done], { limitMs: 500 })).toMatchObject({ error: { code: 'HOST_COMMAND_TIMEOUT' } });
  });

  it.each<[string, readonly Move[], string]>([
    ['the program ends', [{ exit: 1 }], 'HOST_COMMAND_FAILED'],
    ['ssh ends', [{ stderr: 'Timeout, server 192.0.2.1 not responding.\n' }, { exit: 255 }], 'HOST_UNREACHABLE'],
  ])('says that %s in the middle of it', async (_, moves, code) => {
    expect(await answered([{ line: { begins: { argv: ['a'], as: 'root', changes: true } } }, ...moves])).toMatchObject({ error: { code } });
  });

  it('that is too long is not sent', async () => {
    const channel = await opened({});

    await expect(channel.ask({ ...look, arguments: { a: 'x'.repeat(262_144) } }, asking)).rejects.toMatchObject({
      code: 'ARGUMENT_UNSAFE',
    });
    expect((await channel.ask(look, asking)).done).toBeNull();
    await channel.close();
  });
});

describe('closing', () => {
  it('ends the program, also one that does not listen, and what is under way', async () => {
    const channel = await opened({ answers: { look: [[{ silent: true }]] } });
    const asked = channel.ask(look, { ...asking, limitMs: 60_000 });
    const failure = asked.catch((error: unknown) => error);

    await channel.close();

    expect(await failure).toMatchObject({ code: 'HOST_UNREACHABLE', message: expect.stringContaining('was closed') as string });
    expect(channel.isOpen()).toBe(false);
  });

  it('is noticed when the other end goes between two requests', async () => {
    const channel = await opened({ answers: { look: [[done, { exit: 0 }]] } });
    await channel.ask(look, asking);

    await expect.poll(() => channel.isOpen()).toBe(false);
    await channel.close();
  });
});
