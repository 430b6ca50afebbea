/** ssh against real hosts that refuse, hang, vanish or are not who they should be. */
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { accepting, look } from '../../src/host/command.ts';
import { createShell } from '../../src/host/shell.ts';
import type { Shell } from '../../src/host/shell.ts';
import type { SshTarget } from '../../src/host/ssh.ts';
import { MemberName } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';

const upWithinMs = 300_000;
/** ssh's own limit and what a busy machine adds. */
const saysNoWithinMs = 15_000;

describe('ssh to a host', () => {
  let lab: Lab;
  let labHost: LabHost;
  let dir: string;
  beforeAll(async () => {
    lab = await createLab({ name: 'host-ssh', etcd: '3.5', members: 1 });
    labHost = lab.host('etcd01');
    dir = await mkdtemp(join(tmpdir(), 'em-ssh-'));
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  let opened = 0;
  const open = (overrides: Partial<SshTarget> = {}): { shell: Shell; recorded: ExecutedCommand[]; target: SshTarget } => {
    const recorded: ExecutedCommand[] = [];
    opened += 1;
    const target = { ...lab.ssh, address: labHost.address, controlPath: join(dir, String(opened)), ...overrides };
    const shell = createShell({
      member: MemberName.parse('etcd01'),
      target,
      record: (command) => recorded.push(command),
      clock: { now: () => new Date() },
      tenure: undefined,
    });
    return { shell, recorded, target };
  };
  const code = async (shell: Shell) => {
    const beganMs = performance.now();
    const error: unknown = await shell.run(look('true')).catch((failure: unknown) => failure);
    expect(performance.now() - beganMs).toBeLessThan(saysNoWithinMs);
    return error;
  };

  it('hands argv over as it is, through both shells', async () => {
    const { shell } = open();
    const argv = ['printf', '%s|', '', `it's`, '$(id) `id`', 'a\nb', '数据', '*', '--x', 'x'.repeat(10_000)];

    const { stdout } = await shell.run(look(...argv));

    expect(stdout).toBe(`${argv.slice(2).join('|')}|`);
    await shell.close();
  });

  it('runs nothing when an argument cannot be handed over', async () => {
    const { shell, recorded } = open();

    await expect(shell.run(look('touch', '/tmp/\u001Bx'))).rejects.toMatchObject({ code: 'ARGUMENT_UNSAFE' });
    expect(recorded).toEqual([]);
  });

  it('records each command with its exit code, time, output, size and hash', async () => {
    const { shell, recorded } = open();

    await shell.session([look('printf', 'hello'), accepting(look('sh', '-c', 'echo oops >&2; sleep 0.2; exit 3'), 3)]);

    expect(recorded).toEqual([
      {
        on: 'etcd01',
        argv: ['printf', 'hello'],
        changes: false,
        exitCode: 0,
        durationMs: expect.any(Number) as number,
        output: 'hello',
        outputBytes: 5,
        outputSha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      },
      expect.objectContaining({ exitCode: 3, output: 'oops\n' }),
    ]);
    expect(recorded[1]?.durationMs).toBeGreaterThanOrEqual(200);
    await shell.close();
  });

  it('keeps the beginning and the end of a flood, and is not stopped by it', async () => {
    const { shell, recorded } = open();

    const { stdout, exitCode } = await shell.run(look('seq', '1', '2000000'));

    expect(exitCode).toBe(0);
    expect(stdout.length).toBeLessThan(1_100_000);
    expect(stdout).toMatch(/^1\n2\n[^]*bytes left out[^]*\n2000000\n$/);
    expect(recorded[0]?.output.length).toBeLessThan(9_000);
    await shell.close();
  });

  it('uses one connection for many commands, and leaves none behind', async () => {
    const { shell, target } = open();
    const logins = async () =>
      Number((await labHost.exec(['sh', '-c', 'journalctl --sync; journalctl -u ssh | grep -c "Accepted publickey"'])).stdout);
    await shell.run(look('true'));
    const before = await logins();

    for (let index = 0; index < 5; index += 1) await shell.run(look('true'));

    expect(await logins()).toBe(before);
    // Not those of another test: 1 is the beginning of 10.
    const masters = async () => (await execa('pgrep', ['-f', `${target.controlPath}([^0-9]|$)`], { reject: false })).stdout;
    expect(await masters()).not.toBe('');
    await shell.close();
    // It answers the order to end before it ends. By itself it would end after a minute.
    await waitUntil(async () => (await masters()) === '', { for: 'the shared connection to end', withinMs: saysNoWithinMs });
  });

  it('stops waiting after the limit, says that the command may still run, and indeed it does', async () => {
    const { shell, recorded } = open();
    // The limit is to cut the command, and not the making of a connection on a busy machine.
    await shell.run(look('true'));

    await expect(shell.run(look('sleep', '27.31'), { limitMs: 2_000 })).rejects.toMatchObject({
      code: 'HOST_COMMAND_TIMEOUT',
      message: expect.stringContaining('may still be running') as string,
    });

    expect((await labHost.exec(['pgrep', '-f', 'sleep 27.31'], { reject: false })).exitCode).toBe(0);
    expect(recorded.slice(1)).toEqual([expect.not.objectContaining({ exitCode: expect.anything() as unknown })]);
    await shell.close();
  });

  it('tells a command’s own 255 from ssh’s', async () => {
    const { shell } = open();

    await expect(shell.run(look('sh', '-c', 'exit 255'))).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
    await shell.close();
  });

  it('does not talk to a host with another key', async () => {
    expect(await code(open({ knownHostsFile: lab.ssh.wrongKnownHostsFile }).shell)).toMatchObject({ code: 'HOST_KEY_MISMATCH' });
  });

  it('does not talk to a host with an unknown key', async () => {
    expect(await code(open({ knownHostsFile: '/dev/null' }).shell)).toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: expect.stringContaining('not in knownHostsFile') as string,
    });
  });

  it('says that the key is refused, or cannot be used', async () => {
    const other = join(dir, 'other-key');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const readable = join(dir, 'readable-key');
    await copyFile(lab.ssh.identityFile, readable);
    await chmod(readable, 0o644);

    expect(await code(open({ identityFile: other }).shell)).toMatchObject({ code: 'HOST_AUTH_REFUSED' });
    expect(await code(open({ identityFile: readable }).shell)).toMatchObject({
      code: 'HOST_AUTH_REFUSED',
      message: expect.stringContaining('others can read') as string,
    });
    expect(await code(open({ identityFile: join(dir, 'no-key') }).shell)).toMatchObject({ code: 'HOST_AUTH_REFUSED' });
  });

  it('says that sshd refuses connections', async () => {
    await labHost.fault('refuse-ssh');

    expect(await code(open().shell)).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('refuses connections') as string,
    });
    await labHost.fault('answer-ssh');
  });

  it('does not wait for ever for an sshd that says nothing', async () => {
    await labHost.fault('hang-ssh');

    expect(await code(open().shell)).toMatchObject({ code: 'HOST_UNREACHABLE' });
    await labHost.fault('answer-ssh');
  });

  it('says that a host is off, and looks over a new connection when it is on again, several looks at once too', async () => {
    const { shell } = open();
    await shell.run(look('true'));

    await labHost.fault('power-off');
    expect(await code(open().shell)).toMatchObject({ code: 'HOST_UNREACHABLE' });
    await labHost.fault('power-on');

    const looks = await Promise.all(['one', 'two', 'three'].map((word) => shell.run(look('echo', word))));
    expect(looks.map(({ stdout }) => stdout)).toEqual(['one\n', 'two\n', 'three\n']);
    await shell.close();
  });
});
