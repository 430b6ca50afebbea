import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshArguments } from '../../src/host/ssh-options.ts';
import type { Hop, SshTarget } from '../../src/host/ssh-options.ts';

const target: SshTarget = { address: '10.0.0.31', user: 'etcdops', identityFile: '/keys/prod', knownHostsFile: '/keys/known' };
const hop = (host: string, more: Partial<Hop> = {}): Hop => ({
  host,
  user: 'jump',
  identityFile: `/keys/${host}`,
  knownHostsFile: `/keys/${host}.known`,
  ...more,
});

describe('what ssh is told', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'etcd-medic-ssh-options-'));
    // In the place of ssh: says what it was called with.
    writeFileSync(join(directory, 'ssh'), '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\n');
    chmodSync(join(directory, 'ssh'), 0o755);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const proxyCommandOf = (words: readonly string[]) =>
    words.find((word) => word.startsWith('ProxyCommand='))?.slice('ProxyCommand='.length);

  /** As ssh runs it for a host: tokens first (ssh_config(5), TOKENS), then /bin/sh. */
  function calledBy(words: readonly string[], host: string, port: number): string[] {
    const tokens: Readonly<Record<string, string>> = { '%%': '%', '%h': host, '%p': String(port) };
    const command = proxyCommandOf(words)?.replaceAll(/%./g, (token) => tokens[token] ?? 'unknown token');
    return execFileSync('/bin/sh', ['-c', `exec ${command}`], { env: { PATH: `${directory}:/usr/bin:/bin` } })
      .toString()
      .split('\0')
      .slice(0, -1);
  }

  it('is every option, and no proxy where there is none on the way', () => {
    const words = sshArguments({ ...target, port: 2222 });

    expect(words.slice(0, 2)).toEqual(['-F', '/dev/null']);
    expect(words).toEqual(
      expect.arrayContaining(['StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'IdentityFile="/keys/prod"', 'Port=2222', 'User=etcdops']),
    );
    expect(proxyCommandOf(words)).toBeUndefined();
    expect(words.slice(-2)).toEqual(['--', '10.0.0.31']);
  });

  it('holds every host on the way to its own key and known hosts, as the last one', () => {
    const words = sshArguments({ ...target, proxyJump: [hop('outer', { port: 2200 }), hop('2001:db8::7')] });

    const inner = calledBy(words, '10.0.0.31', 22);
    const outer = calledBy(inner, '2001:db8::7', 22);

    expect(inner.slice(-4)).toEqual(['-W', '[10.0.0.31]:22', '--', '2001:db8::7']);
    expect(outer.slice(-4)).toEqual(['-W', '[2001:db8::7]:22', '--', 'outer']);
    const own = (host: string, port: number) => [
      'StrictHostKeyChecking=yes',
      'GlobalKnownHostsFile=/dev/null',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      'BatchMode=yes',
      'User=jump',
      `Port=${port}`,
      `IdentityFile="/keys/${host}"`,
      `UserKnownHostsFile="/keys/${host}.known"`,
    ];
    expect(inner).toEqual(expect.arrayContaining(own('2001:db8::7', 22)));
    expect(outer).toEqual(expect.arrayContaining(own('outer', 2200)));
    expect(outer.slice(0, 2)).toEqual(['-F', '/dev/null']);
    expect(proxyCommandOf(outer)).toBeUndefined();
  });

  it.each(["it's", 'a b', '$(touch x)', '`id`', 'a;b', 'a|b', 'a&b', '%h', '100%', '~', '*', "'; exec sh; '", 'ä', 'a>b', '#a', '!a'])(
    'keeps one word of a path one word, and runs nothing in it: %s',
    (part) => {
      const login = { identityFile: `/keys/${part}`, knownHostsFile: `/known/${part}` };
      const words = sshArguments({ ...target, proxyJump: [hop('outer', login), hop('inner', login)] });

      const inner = calledBy(words, '10.0.0.31', 22);
      const outer = calledBy(inner, 'inner', 22);

      const asSshReads = part.replaceAll('%', '%%');
      for (const called of [inner, outer])
        expect(called).toEqual(expect.arrayContaining([`IdentityFile="/keys/${asSshReads}"`, `UserKnownHostsFile="/known/${asSshReads}"`]));
    },
  );
});
