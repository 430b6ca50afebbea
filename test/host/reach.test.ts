/** What bash and timeout say of a port, and what is refused before anything is asked. */
import { describe, expect, it } from 'vitest';
import { reach } from '../../src/host/reach.ts';
import { fakeShell } from './fake-shell.ts';

const asked = async (exitCode: number, stderr = '') =>
  reach(
    fakeShell(() => ({ exitCode, stderr })),
    '10.0.0.31',
    2380,
  );

describe('reach', () => {
  it.each([
    [0, '', 'open'],
    [124, '', 'no-answer'],
    [1, 'reach: connect: Connection refused\nreach: line 1: /dev/tcp/10.0.0.31/2380: Connection refused', 'refused'],
    [1, 'reach: connect: Connection timed out\nreach: line 1: /dev/tcp/10.0.0.31/2380: Connection timed out', 'no-answer'],
    [1, 'reach: connect: No route to host\nreach: line 1: /dev/tcp/10.0.0.31/2380: No route to host', 'unreachable'],
    [1, 'reach: nowhere: Name or service not known\nreach: line 1: /dev/tcp/nowhere/2380: Invalid argument', 'unreachable'],
  ])('reads exit code %i and %j as %s', async (exitCode, stderr, expected) => {
    expect(await asked(exitCode, stderr)).toBe(expected);
  });

  it('knows nothing of the port when there is no bash, or one without network', async () => {
    await expect(asked(127)).rejects.toMatchObject({ code: 'HOST_TOOL_MISSING' });
    await expect(asked(1, 'reach: line 1: /dev/tcp/10.0.0.31/2380: No such file or directory')).rejects.toMatchObject({
      code: 'HOST_OUTPUT_UNKNOWN',
    });
  });

  it.each([
    ['10.0.0.31/../x', 2380],
    ['$(id)', 2380],
    ['-x', 2380],
    ['', 2380],
    ['etcd01', 0],
    ['etcd01', 65_536],
    ['etcd01', 23.5],
  ])('does not ask about %j port %d', async (address, port) => {
    const shell = fakeShell(() => '');

    await expect(reach(shell, address, port)).rejects.toMatchObject({ code: 'ARGUMENT_UNSAFE' });
    expect(shell.lines).toEqual([]);
  });

  it('takes names and addresses of both kinds, as arguments of a constant script', async () => {
    const shell = fakeShell(() => '');

    for (const address of ['etcd01.example', '10.0.0.31', '2001:db8::1', '::1']) await reach(shell, address, 2380);

    expect(shell.lines[2]).toBe('timeout 3 bash -c exec 3<>"/dev/tcp/$1/$2" reach 2001:db8::1 2380');
    expect(shell.lines).toHaveLength(4);
  });
});
