/** Session scripts, run by a real /bin/sh as sshd would run them. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { accepting, look } from '../../src/host/command.ts';
import type { HostCommand } from '../../src/host/command.ts';
import { frames, sessionScript, unframed } from '../../src/host/script.ts';

const nonce = '0123456789abcdef0123456789abcdef';

function session(
  commands: readonly HostCommand[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Record<string, string> } = {},
) {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', sessionScript(commands, nonce)], {
    input,
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  const [begun, ...answers] = frames(stdout, stderr, nonce);
  return {
    begun,
    answers: answers.map(({ exitCode, stdout: out, stderr: err }) => ({ exitCode, stdout: out.toString(), stderr: err.toString() })),
    stderr,
  };
}

describe('sessionScript', () => {
  it('gives each command its own answer, byte for byte', () => {
    const { answers } = session([look('printf', 'one'), look('printf', 'two\n\n'), look('sh', '-c', 'echo out; echo err >&2')]);

    expect(answers).toEqual([
      { exitCode: 0, stdout: 'one', stderr: '' },
      { exitCode: 0, stdout: 'two\n\n', stderr: '' },
      { exitCode: 0, stdout: 'out\n', stderr: 'err\n' },
    ]);
  });

  it('ends with the first command whose exit code is not accepted', () => {
    const { answers } = session([accepting(look('sh', '-c', 'exit 3'), 0, 3), look('sh', '-c', 'exit 255'), look('echo', 'never')]);

    expect(answers.map(({ exitCode }) => exitCode)).toEqual([3, 255]);
  });

  it('says 127 for a program that is not there', () => {
    expect(session([look('no-such-program')]).answers).toEqual([
      { exitCode: 127, stdout: '', stderr: expect.stringContaining('not found') as string },
    ]);
  });

  it('gives what is sent along to the first command only', () => {
    const first = session([look('cat'), look('cat')], { input: 'sent' });
    const later = session([look('true'), look('cat')], { input: 'sent' });

    expect(first.answers.map(({ stdout }) => stdout)).toEqual(['sent', '']);
    expect(later.answers.map(({ stdout }) => stdout)).toEqual(['', '']);
  });

  it('runs with nothing of the environment but PATH and LC_ALL, and with umask 0077', () => {
    const { answers } = session([look('env'), look('sh', '-c', 'umask')], {
      env: { ETCDCTL_ENDPOINTS: 'https://elsewhere', LANG: 'de_DE' },
    });

    const names = answers[0]?.stdout.split('\n').map((line) => line.split('=')[0]);
    expect(names?.filter((name) => name !== 'PWD' && name !== '_' && name !== '').toSorted()).toEqual(['LC_ALL', 'PATH']);
    expect(answers[1]?.stdout.trim()).toBe('0077');
  });

  it('tells the host’s clock before the first command and after each', () => {
    const beforeMs = Date.now();

    const { begun } = session([look('true')]);

    expect(begun?.endedAtMs).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(begun?.endedAtMs).toBeLessThanOrEqual(Date.now());
  });
});

describe('frames', () => {
  it('gives no frame for a command that was cut, and its words as unframed', () => {
    const stream = Buffer.from(`\n${nonce} 0 1\nhalf an ans`);

    expect(frames(stream, stream, nonce)).toHaveLength(1);
    expect(unframed(stream, nonce)).toBe('half an ans');
  });

  it('is not confused by a mark that was cut', () => {
    const stream = Buffer.from(`\n${nonce} 0 1\nout\n${nonce} 0 17`);

    expect(frames(stream, stream, nonce)).toHaveLength(1);
  });
});
