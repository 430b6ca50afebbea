/** Foreign failures and the codes they become. */
import { describe, expect, it } from 'vitest';
import { changeAsRoot } from '../../src/host/command.ts';
import { commandFailure, lastLines, refusedBySudo, sshFailure } from '../../src/host/failures.ts';
import type { SshResult } from '../../src/host/ssh.ts';

const none = { bytes: Buffer.alloc(0), leftOutBytes: 0 };
const ended: SshResult = { stdout: none, stderr: none, exitCode: 255, timedOut: false, code: undefined };
const attempt = { where: 'etcd01 (192.0.2.1)', command: changeAsRoot('systemctl', 'stop', 'etcd'), limitMs: 30_000 };

describe('lastLines', () => {
  it('has nothing of a private key, also when only its end is among the last lines', () => {
    const said = 'was:\n-----BEGIN PRIVATE KEY-----\nMHcCAQEEIH\nb3BlbnNzaC1r\n-----END PRIVATE KEY-----\nError: none.';

    expect(lastLines(said)).toBe('was: / [secret] / Error: none');
  });
});

describe('sshFailure', () => {
  it.each([
    ['ssh: connect to host 192.0.2.1 port 22: Connection refused', 'HOST_UNREACHABLE'],
    ['ssh: connect to host 192.0.2.1 port 22: Connection timed out', 'HOST_UNREACHABLE'],
    ['ssh: connect to host 192.0.2.1 port 22: No route to host', 'HOST_UNREACHABLE'],
    ['ssh: Could not resolve hostname etcd01: Name or service not known', 'HOST_UNREACHABLE'],
    ['Timeout, server 192.0.2.1 not responding.', 'HOST_UNREACHABLE'],
    ['mux_client_request_session: read from master failed: Broken pipe', 'HOST_UNREACHABLE'],
    ['', 'HOST_UNREACHABLE'],
    [
      'No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\nHost key verification failed.',
      'HOST_KEY_MISMATCH',
    ],
    ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.', 'HOST_KEY_MISMATCH'],
    ['etcdops@192.0.2.1: Permission denied (publickey).', 'HOST_AUTH_REFUSED'],
    ['@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\netcdops@192.0.2.1: Permission denied (publickey).', 'HOST_AUTH_REFUSED'],
    ['no such identity: /nowhere/id: No such file or directory\netcdops@192.0.2.1: Permission denied (publickey).', 'HOST_AUTH_REFUSED'],
  ])('says what ssh means by %j', (said, code) => {
    const error = sshFailure(attempt, ended, said);

    expect(error.code).toBe(code);
    expect(error.message).toContain('etcd01 (192.0.2.1)');
    expect(error.message).toContain('`sudo systemctl stop etcd`');
  });

  it('says that a command which was waited for too long may still run', () => {
    const error = sshFailure(attempt, { ...ended, exitCode: undefined, timedOut: true }, '');

    expect(error).toMatchObject({ code: 'HOST_COMMAND_TIMEOUT', message: expect.stringContaining('within 30 s') as string });
    expect(error.message).toContain('may still be running');
  });

  it('blames this machine when it has no ssh', () => {
    expect(sshFailure(attempt, { ...ended, exitCode: undefined, code: 'ENOENT' }, '')).toMatchObject({
      code: 'HOST_TOOL_MISSING',
      hint: expect.stringContaining('openssh-client') as string,
    });
  });
});

describe('commandFailure', () => {
  it.each([
    [1, 'sudo: a password is required', 'HOST_SUDO_REFUSED'],
    [1, 'Sorry, user etcdops is not allowed to execute ...', 'HOST_SUDO_REFUSED'],
    [1, 'sudo: etcdutl: command not found', 'HOST_TOOL_MISSING'],
    [127, '/bin/sh: 4: etcdutl: not found', 'HOST_TOOL_MISSING'],
    [1, "dd: error writing '/x': No space left on device", 'HOST_DISK_FULL'],
    [1, 'Error: open /x/wal: no space left on device', 'HOST_DISK_FULL'],
    [5, 'Failed to stop etcd.service: Unit etcd.service not loaded.', 'HOST_COMMAND_FAILED'],
  ])('makes of exit code %i and %j the code %s', (exitCode, stderr, code) => {
    expect(commandFailure(attempt, exitCode, '', stderr).code).toBe(code);
  });

  it('gives the last lines of what the command said, of stdout when stderr is empty', () => {
    expect(commandFailure(attempt, 5, '', 'one\ntwo\nthree\nfour.\n').message).toBe(
      '`sudo systemctl stop etcd` on etcd01 (192.0.2.1) failed with exit code 5: two / three / four.',
    );
    expect(commandFailure(attempt, 5, 'out', '\n').message).toMatch(/: out\.$/);
  });
});

describe('refusedBySudo', () => {
  it('tells sudo’s own refusal from a command that says 1', () => {
    expect(refusedBySudo(1, 'sudo: a password is required\n')).toBe(true);
    expect(refusedBySudo(1, 'grep: no match')).toBe(false);
    expect(refusedBySudo(0, '')).toBe(false);
    expect(refusedBySudo(2, 'cat: sudo: a password is required\nsudo: a password is required')).toBe(false);
  });
});
