/** Foreign failures and the codes they become. */
import { describe, expect, it } from 'vitest';
import { channelEnded, lastLines, programFailure } from '../../src/host/failures.ts';

const attempt = { where: 'etcd01 (192.0.2.1)', what: 'do stop' };
const ended = (said: string, exitCode: number | undefined = 255) => ({ exitCode, said, code: undefined });

describe('lastLines', () => {
  it('has nothing of a private key, also when only its end is among the last lines', () => {
    const said = 'was:\n-----BEGIN PRIVATE KEY-----\nMHcCAQEEIH\nb3BlbnNzaC1r\n-----END PRIVATE KEY-----\nError: none.';

    expect(lastLines(said)).toBe('was: / [secret] / Error: none');
  });
});

describe('channelEnded', () => {
  it.each([
    ['ssh: connect to host 192.0.2.1 port 22: Connection refused', 'HOST_UNREACHABLE'],
    ['ssh: connect to host 192.0.2.1 port 22: Connection timed out', 'HOST_UNREACHABLE'],
    ['Connection timed out during banner exchange', 'HOST_UNREACHABLE'],
    ['ssh: connect to host 192.0.2.1 port 22: No route to host', 'HOST_UNREACHABLE'],
    ['ssh: Could not resolve hostname etcd01: Name or service not known', 'HOST_UNREACHABLE'],
    ['Timeout, server 192.0.2.1 not responding.', 'HOST_UNREACHABLE'],
    ['client_loop: send disconnect: Broken pipe', 'HOST_UNREACHABLE'],
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
    const error = channelEnded(attempt, ended(said), false);

    expect(error.code).toBe(code);
    expect(error.message).toContain('etcd01 (192.0.2.1)');
  });

  it('says what was asked when the connection breaks later, and where the line of a host comes from whose key nobody knows', () => {
    expect(channelEnded(attempt, ended('Timeout, server 192.0.2.1 not responding.'), true).message).toContain(
      'cannot be asked (do stop): ',
    );
    expect(channelEnded(attempt, ended('No ED25519 host key is known for 192.0.2.1'), false)).toMatchObject({
      message: 'etcd01 (192.0.2.1) cannot be reached over ssh: its host key is not in knownHostsFile.',
      hint: expect.stringMatching(/^Add the line that the kit printed/) as string,
    });
  });

  it('names the hosts on the way, and quotes ssh: it may speak of one of them', () => {
    const end = {
      ...ended('jump@192.0.2.9: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535'),
      through: '192.0.2.9',
    };

    const { code, message } = channelEnded(attempt, end, false);

    expect(code).toBe('HOST_AUTH_REFUSED');
    expect(message).toContain('The way there leads through 192.0.2.9, and ssh said: jump@192.0.2.9: Permission denied');
  });

  it('takes ssh’s words for ssh’s own only when ssh failed', () => {
    expect(channelEnded(attempt, ended('x: Permission denied', 1), true).code).toBe('HOST_COMMAND_FAILED');
  });

  it('does not take a program that ended later for a door that is missing', () => {
    expect(channelEnded(attempt, ended('Traceback (most recent call last):\nKeyError', 1), true)).toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('KeyError') as string,
      hint: expect.stringContaining('/var/log/etcd-medic-host.log') as string,
    });
    expect(channelEnded(attempt, ended('sudo: a password is required', 1), true).code).toBe('HOST_COMMAND_FAILED');
  });
});

describe('programFailure', () => {
  it('is in the host’s own words, with the hint of the catalogue where it gives none', () => {
    const failure = { code: 'HOST_DISK_FULL', message: 'There are 3 MiB free.', hint: undefined };

    expect(programFailure(attempt, failure)).toMatchObject({
      code: 'HOST_DISK_FULL',
      message: 'etcd01 (192.0.2.1): There are 3 MiB free.',
      hint: expect.stringContaining('Make room') as string,
    });
    expect(programFailure(attempt, { ...failure, message: '', hint: 'Buy one.' })).toMatchObject({
      message: 'etcd01 (192.0.2.1): it gave no reason.',
      hint: 'Buy one.',
    });
  });
});
