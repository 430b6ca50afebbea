/** A host that lies, against the bot's client: a program that says what no etcd-medic-host would say. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { mintApproval } from '../../src/engine/approval.ts';
import { openChannel } from '../../src/host/channel.ts';
import { initialClusterLine } from '../../src/procedures/replacing/join.ts';
import { planBlocks } from '../../src/slack/blocks/covered.ts';
import type { Move } from '../host/fake-program.ts';
import { ended, hello, look, operation, run, scripted, scriptedHost } from '../host/scripted-host.ts';
import { attack, noHost } from './record.ts';

const firstLine = typeof hello === 'string' ? hello : '';
const silent = (): void => undefined;
const acts = [{ act: 'fence' }] as const;
const plan = (...operations: readonly object[]): Move => ({ line: { done: { plans: [{ operations }] } } });
const unknown = { code: 'HOST_OUTPUT_UNKNOWN' };

describe('a hostile host', () => {
  const host = (tried: string, task: () => Promise<string>) => attack(noHost, 'host', tried, task);
  const fetching = async (moves: readonly Move[]) => {
    const dir = mkdtempSync(join(tmpdir(), 'attack-'));
    const path = join(dir, 'db');
    const one = scriptedHost({ answers: { fetch: [moves] } });
    try {
      await expect(one.host.fetchDatabase(path, silent)).rejects.toMatchObject({ code: expect.stringMatching(/^HOST_/) as string });
      expect(existsSync(path) ? statSync(path).size : 0).toBe(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };

  host('a shell in place of the program', async () => {
    const one = scriptedHost({ hello: ['Welcome to Debian\n'] });
    await expect(one.host.unit()).rejects.toMatchObject({ code: 'HOST_DOOR_MISSING' });
    expect(one.requests()).toEqual([]);
    return 'HOST_DOOR_MISSING; nothing is typed into it';
  });

  host('the first line of another program, another version, without an end, with U+202E and an escape sequence in it', async () => {
    for (const first of [
      '{"hello":"sshd"}\n',
      firstLine.replace('"protocol":1', '"protocol":2'),
      { bytes: 100_000 } as Move,
      '\u001B[2J\u202Eetcd\n',
      `${'{"a":'.repeat(700)}\n`,
    ]) {
      const one = scriptedHost({ hello: [first] });
      const failure = await one.host.unit().catch((error: unknown) => error as Error & { code: string });
      expect(failure).toMatchObject({ code: 'HOST_DOOR_MISSING' });
      expect((failure as Error).message).not.toMatch(/[\u001B\u202E]/);
    }
    return 'HOST_DOOR_MISSING, in words that show what they are';
  });

  host('a first line that drips, a byte at a time', async () => {
    const { open } = scripted([
      { hello: Array.from({ length: 40 }, (_, at): Move[] => [firstLine.slice(at, at + 1), { waitMs: 50 }]).flat(), answers: {} },
    ]);
    await expect(openChannel(open, 'etcd01', 400)).rejects.toMatchObject({ code: 'HOST_DOOR_MISSING' });
    return 'given up at the limit of the whole line';
  });

  host('lines without an end, of another request, of no kind, nested 100,000 deep, no JSON, no UTF-8', async () => {
    const lines: readonly Move[] = [
      { bytes: 300_000 },
      '{"id":99,"done":null}\n',
      '{"id":$id,"other":1}\n',
      '{"id":$id,"done":1,"error":{}}\n',
      '{"id":$id}\n',
      `{"id":$id,"done":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`,
      'x\n',
      '[]\n',
      '{"id":$id,"__proto__":{"a":1}}\n',
      { line: { done: look({ free_bytes: -1 }) } },
      { line: { done: look({ processes: Array(20_000).fill(1) }) } },
    ];
    for (const line of lines)
      await expect(scriptedHost({ answers: { look: [[line]] } }).host.unit(), JSON.stringify(line).slice(0, 80)).rejects.toMatchObject(
        unknown,
      );
    return 'HOST_OUTPUT_UNKNOWN, and the channel is ended';
  });

  host('escape sequences, U+202E, line breaks and 200,000 characters in an error, a hint and a difference', async () => {
    const text = `\u001B[31mok\u001B[0m \u202Edesrever\n<!channel> ${'x'.repeat(100_000)}`;
    const one = scriptedHost({
      answers: {
        look: [[{ line: { error: { code: 'HOST_UNREACHABLE', message: text, hint: text } } }]],
        do: [[{ line: { done: { result: { difference: text }, look: look() } } }]],
      },
    });
    const failure = (await one.host.unit().catch((error: unknown) => error)) as Error & { code: string; hint: string };
    expect(failure.code).toBe('HOST_COMMAND_FAILED');
    for (const shown of [failure.message, failure.hint]) {
      expect(shown.length).toBeLessThan(700);
      expect(shown).not.toMatch(/[\u0000-\u001F\u202E]/u);
    }
    const { difference = '' } = await one.host.do({ act: 'settings', settings: { initialClusterState: 'new' } });
    expect(difference).not.toMatch(/[\u001B\u202E]/u);
    expect(difference.length).toBeLessThan(20_000);
    return 'one short line without them; a code that is not the host’s to give becomes HOST_COMMAND_FAILED';
  });

  host('`@here`, `<!channel>`, links and Markdown in a plan, on a Slack card', async () => {
    const words = ['rm', '@here', '<!channel>', '<!here|x>', '<https://evil.example|ok>', '*bold* `x` ```', '<@U012345>'];
    const [commands = []] = await scriptedHost({ answers: { plan: [[plan(operation(...words))]] } }).host.plan(acts);
    const card = JSON.stringify(planBlocks(commands));
    expect(card).not.toMatch(/"type":"(?:broadcast|user|usergroup|channel|link|mrkdwn)"/);
    expect(card).toContain('evil.example');
    return 'shown as text, letter by letter: nobody is called and nothing can be clicked';
  });

  host('characters that cannot be seen, an option in place of a program, 600 words, 2,000 operations in a plan', async () => {
    for (const bad of [
      [operation('rm', 'a\u202Eb')],
      [operation('rm', 'a\nb')],
      [operation('rm\u0000')],
      [operation('-u', 'x')],
      [operation('')],
      [operation('rm', 'x\u200B')],
      [operation('rm', ...Array<string>(600).fill('x'))],
      Array.from({ length: 2_000 }, () => operation('x')),
      [{ ...operation('x'), as: 'root; id' }],
      [{ ...operation('x'), as: 'etcd', user: '-u' }],
    ])
      await expect(scriptedHost({ answers: { plan: [[plan(...bad)]] } }).host.plan(acts)).rejects.toMatchObject(unknown);
    return 'HOST_OUTPUT_UNKNOWN: such a plan is shown to nobody';
  });

  host('a plan that is harmless, and other operations reported when it is carried out', async () => {
    const one = scriptedHost({
      answers: {
        plan: [[plan(operation('true'))]],
        do: [
          [
            { line: { begins: operation('rm', '-rf', '/') } },
            { line: { ended: ended(['rm', '-rf', '/']) } },
            { line: { done: { result: null, look: look() } } },
          ],
        ],
      },
    });
    const [commands = []] = await one.host.plan(acts);
    await one.host.destroy({ act: 'fence' }, mintApproval({ gateId: `${run}.1`, planDigest: 'x', approvedBy: [], plan: commands }));
    expect(one.requests().find(({ verb }) => verb === 'do')).toMatchObject({ arguments: { approved: [['true']] } });
    expect(one.recorded.map(({ argv }) => argv.join(' '))).toContain('sudo rm -rf /');
    return 'not prevented: a host that lies does with itself what it wants. It is told only what was approved, and what it says it did stands in the journal';
  });

  host('100 MB about operations, for the journal', async () => {
    const line = `{"id":$id,"begins":${JSON.stringify(operation('x', ...Array<string>(15).fill('y'.repeat(16_000))))}}\n`;
    const one = scriptedHost({ answers: { do: [Array<Move>(60).fill(line)] } });
    await expect(one.host.do({ act: 'stop' })).rejects.toMatchObject(unknown);
    expect(JSON.stringify(one.recorded).length).toBeLessThan(9 * 1_048_576);
    return 'ended after 8 MiB';
  });

  host('a database with more bytes than announced, fewer, another hash, 10^15 bytes, blocks without a size', async () => {
    const done = (bytes: number): Move => ({ line: { done: { bytes, sha256: 'a'.repeat(64) } } });
    await fetching([{ stream: 'x'.repeat(5_000), announced: 100 }, done(100)]);
    await fetching([{ stream: 'x'.repeat(100), announced: 5_000 }, done(5_000)]);
    await fetching([{ stream: 'xxx' }, done(3)]);
    await fetching(['{"id":$id,"stream":{"bytes":1000000000000000}}\n', { silent: true }]);
    for (const size of ['-1\n', '1e3\n', '9999999\n', '007\n', 'x', '\n'])
      await fetching([`{"id":$id,"stream":{"bytes":1000}}\n${size}`, { bytes: 2_000 }]);
    return 'HOST_*, and no file stays';
  });

  host('stream after stream, each with a time limit of its own', async () => {
    await fetching([...Array.from({ length: 2_000 }, (): Move => ({ stream: '' })), { silent: true }]);
    await fetching([{ stream: 'x' }, { stream: 'x' }, { silent: true }]);
    return 'the second one ends it';
  });

  host('bytes that nobody asked for, asking for bytes that nobody has, done before it has the file', async () => {
    for (const moves of [[{ stream: 'x' }], ['{"id":$id,"ready":true}\n']] as const)
      await expect(scriptedHost({ answers: { look: [moves] } }).host.unit()).rejects.toMatchObject(unknown);
    return 'HOST_OUTPUT_UNKNOWN';
  });

  host('paths and settings in a look that are not what they seem', async () => {
    for (const changes of [
      { data_dir: '/data/\u202Eetcd' },
      { user: 'root\n' },
      { user: '' },
      { time: 'now' },
      { state: null },
      { settings: { ...(look()['settings'] as object), file: '/etc/\u200Bx' } },
    ])
      await expect(
        scriptedHost({ answers: { look: [[{ line: { done: look(changes) } }]] } }).host.unit(),
        JSON.stringify(changes),
      ).rejects.toMatchObject(unknown);
    return 'HOST_OUTPUT_UNKNOWN';
  });

  host('certificates that are none: garbage, 300 of them, a key', async () => {
    for (const pem of [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'.repeat(300),
      '',
      'x'.repeat(200_000),
    ])
      await expect(
        scriptedHost({
          answers: { look: [[{ line: { done: look({ certificates: [{ use: 'client', file: '/x', pem }] }) } }]] },
        }).host.certificates(),
      ).rejects.toMatchObject(unknown);
    return 'HOST_OUTPUT_UNKNOWN';
  });
});

describe('a hostile member', () => {
  attack(noHost, 'member', 'a name or a peer URL that is another member on the line of initial-cluster', async () => {
    const good = { name: 'etcd01', url: 'https://198.51.100.1:2380' };
    expect(initialClusterLine([{ name: 'etcd02', url: 'https://[2001:db8::1]:2380' }, good])).toBe(
      'etcd01=https://198.51.100.1:2380,etcd02=https://[2001:db8::1]:2380',
    );
    for (const bad of [
      { ...good, name: 'x=https://203.0.113.66:2380,etcd02' },
      { ...good, url: 'https://198.51.100.1:2380,evil=https://203.0.113.66:2380' },
      { ...good, name: 'etcd02\n' },
      { ...good, name: '' },
      { ...good, name: 'a b' },
      { ...good, url: 'unix:///x' },
      { ...good, url: 'https://a:2380/" --data-dir=/' },
      { ...good, name: '\u202Ex' },
    ])
      expect(() => initialClusterLine([good, bad]), JSON.stringify(bad)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_UNSAFE' }) as Error,
      );
    return 'ARGUMENT_UNSAFE: no such line is made';
  });
});
