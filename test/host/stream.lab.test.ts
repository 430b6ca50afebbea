/** Data out of a host as a stream: byte for byte, measured, ended when nobody takes it. */
import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import { look } from '../../src/host/command.ts';
import { createShell } from '../../src/host/shell.ts';
import type { Shell } from '../../src/host/shell.ts';
import { MemberName } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';

const limitMs = 60_000;
const mebibyte = 1_048_576;

describe('a stream out of a host', () => {
  let lab: Lab;
  let labHost: LabHost;
  let shell: Shell;
  const recorded: ExecutedCommand[] = [];
  const controlPath = `/tmp/etcd-medic-stream-${randomBytes(4).toString('hex')}`;
  beforeAll(async () => {
    lab = await createLab({ name: 'stream', etcd: '3.4', members: 1 });
    labHost = lab.host('etcd01');
    const target = { ...lab.ssh, address: labHost.address, controlPath };
    shell = createShell({
      member: MemberName.parse('etcd01'),
      target,
      record: (command) => recorded.push(command),
      clock: { now: () => new Date() },
      tenure: undefined,
    });
    await shell.run(look('true'));
  }, 300_000);
  afterAll(async () => {
    await shell.close();
    rmSync(controlPath, { force: true });
    await lab.down();
  });

  const taken = () => {
    const chunks: Buffer[] = [];
    return { all: () => Buffer.concat(chunks), take: async (chunk: Buffer) => void chunks.push(chunk) };
  };

  it('is what the command wrote, with every kind of byte and no newline added', async () => {
    const content = Buffer.concat([Buffer.from('\n'), randomBytes(3 * mebibyte), Buffer.from('\0\r\n\n')]);
    await labHost.exec(['sh', '-c', 'cat > /tmp/data; chmod 644 /tmp/data'], { input: content.toString('latin1') });
    const onHost = (await labHost.exec(['sha256sum', '/tmp/data'])).stdout.slice(0, 64);
    const { all, take } = taken();

    const streamed = await shell.stream(look('cat', '/tmp/data'), { limitMs, take });

    expect(streamed).toEqual({ bytes: all().length, sha256: onHost });
    expect(createHash('sha256').update(all()).digest('hex')).toBe(onHost);
    expect(recorded.at(-1)).toMatchObject({
      argv: ['cat', '/tmp/data'],
      exitCode: 0,
      output: '',
      outputBytes: all().length,
      outputSha256: onHost,
    });
  });

  it('does not pile up here what is taken slowly', async () => {
    let mostBytes = 0;
    const before = process.memoryUsage().arrayBuffers;
    const take = async () => {
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before);
    };

    const { bytes } = await shell.stream(look('head', '-c', String(200 * mebibyte), '/dev/zero'), { limitMs, take });

    expect(bytes).toBe(200 * mebibyte);
    // Not less: what was taken counts until it is collected.
    expect(mostBytes).toBeLessThan(128 * mebibyte);
  });

  it('throws what taking throws, and the command on the host ends', async () => {
    const take = async () => {
      throw new Error('no room');
    };

    await expect(shell.stream(look('head', '-c', '7000000000', '/dev/zero'), { limitMs, take })).rejects.toThrow('no room');

    await waitUntil(async () => (await labHost.exec(['pgrep', '-f', '[7]000000000'], { reject: false })).exitCode === 1, {
      for: 'the command to end',
      withinMs: 20_000,
    });
  });

  it('fails as the command does, and after its limit', async () => {
    const { take } = taken();

    await expect(shell.stream(look('cat', '/tmp/none'), { limitMs, take })).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('No such file') as string,
    });
    await expect(shell.stream(look('sleep', '9.73'), { limitMs: 1_500, take })).rejects.toMatchObject({ code: 'HOST_COMMAND_TIMEOUT' });
    // ssh itself says 255 when the session's shell was killed.
    await expect(shell.stream(look('sh', '-c', 'echo half; kill -9 $PPID'), { limitMs, take })).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });
});
