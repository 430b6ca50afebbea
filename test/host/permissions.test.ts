/** The questions to sudo before a run. */
import { describe, expect, it } from 'vitest';
import { createPermissionCheck } from '../../src/host/permissions.ts';
import type { Needs } from '../../src/host/permissions.ts';
import { MemberName } from '../../src/ids.ts';
import { fakeShell } from './fake-shell.ts';

const needs: Needs = {
  member: MemberName.parse('etcd01'),
  unit: 'etcd',
  dataDir: '/data/etcd/data',
  state: { activeState: 'active', masked: false, mainPid: 1, user: 'etcd', group: 'etcd', unitFile: 'packaged' },
  tool: { program: 'etcdctl', version: '3.4.23', canBumpRevision: false },
  configuration: { style: 'environment-file', file: '/etc/default/etcd' },
  certificates: [{ use: 'client', certificate: '/etc/etcd/pki/server.pem', key: '/etc/etcd/pki/server.key', ca: '/etc/etcd/pki/ca.pem' }],
};

describe('the permission check', () => {
  it('asks about root and about etcd’s user, runs nothing, and asks only once', async () => {
    const shell = fakeShell(() => '');
    const check = createPermissionCheck(shell);

    await check(needs, ['restore']);
    const asked = shell.lines.length;
    await check(needs, ['restore']);

    expect(shell.lines).toHaveLength(asked);
    expect(shell.lines.every((line) => line.startsWith('sudo -n -l '))).toBe(true);
    expect(shell.lines).toContain('sudo -n -l systemctl mask etcd');
    expect(shell.lines.some((line) => line.startsWith('sudo -n -l -u etcd -g etcd etcdctl snapshot restore'))).toBe(true);
  });

  it('asks again when the unit file is another one, which is masked in another way', async () => {
    const shell = fakeShell(() => '');
    const check = createPermissionCheck(shell);
    await check(needs, ['restore']);

    await check({ ...needs, state: { ...needs.state, unitFile: 'own' } }, ['restore']);

    expect(shell.lines.some((line) => line.includes('ln -sfT /dev/null'))).toBe(true);
  });

  it('names what is refused, and is not content with it the next time', async () => {
    const shell = fakeShell((line) => ({ exitCode: line.includes('rmdir') ? 1 : 0 }));
    const check = createPermissionCheck(shell);

    const refused = {
      code: 'HOST_SUDO_REFUSED',
      message: expect.stringContaining('`sudo rmdir /data/etcd/data.sudo-check-000000.new.part`') as string,
    };
    await expect(check(needs, ['restore'])).rejects.toMatchObject(refused);
    await expect(check(needs, ['restore'])).rejects.toMatchObject(refused);
  });

  it.each([
    ['restore', 'etcdctl snapshot restore', 'member/snap/db'],
    ['replace-member', 'openssl pkey -in /etc/etcd/pki/server.key -pubout', 'snapshot restore'],
    ['stop-and-start', 'systemctl restart --no-block etcd', 'mv -nT'],
    ['undo', 'mv -nT /data/etcd/data.sudo-check-000000.old /data/etcd/data', 'rm -rf'],
    ['fetch-database', 'cat /data/etcd/data/member/snap/db', 'systemctl'],
  ] as const)('for %s asks about `%s` and not about `%s`', async (purpose, needed, notNeeded) => {
    const shell = fakeShell(() => '');

    await createPermissionCheck(shell)(needs, [purpose]);

    expect(shell.lines.filter((line) => line.includes(needed))).toHaveLength(1);
    expect(shell.lines.filter((line) => line.includes(notNeeded))).toEqual([]);
  });

  it('asks about a further purpose when it comes up, and only about that', async () => {
    const shell = fakeShell(() => '');
    const check = createPermissionCheck(shell);
    await check(needs, ['restore']);
    const asked = shell.lines.length;

    await check(needs, ['restore', 'fetch-database']);

    expect(shell.lines.slice(asked).filter((line) => line.includes('mv -nT'))).toEqual([]);
    expect(shell.lines.slice(asked).some((line) => line.includes('cat /data/etcd/data/member/snap/db'))).toBe(true);
  });
});
