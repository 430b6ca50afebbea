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
};

describe('the permission check', () => {
  it('asks about root and about etcd’s user, runs nothing, and asks only once', async () => {
    const shell = fakeShell(() => '');
    const check = createPermissionCheck(shell);

    await check(needs);
    const asked = shell.lines.length;
    await check(needs);

    expect(shell.lines).toHaveLength(asked);
    expect(shell.lines.every((line) => line.startsWith('sudo -n -l '))).toBe(true);
    expect(shell.lines).toContain('sudo -n -l systemctl mask etcd');
    expect(shell.lines.some((line) => line.startsWith('sudo -n -l -u etcd -g etcd etcdctl snapshot restore'))).toBe(true);
  });

  it('asks again when the unit file is another one, which is masked in another way', async () => {
    const shell = fakeShell(() => '');
    const check = createPermissionCheck(shell);
    await check(needs);

    await check({ ...needs, state: { ...needs.state, unitFile: 'own' } });

    expect(shell.lines.some((line) => line.includes('ln -sfT /dev/null'))).toBe(true);
  });

  it('names what is refused, and is not content with it the next time', async () => {
    const shell = fakeShell((line) => ({ exitCode: line.includes('rmdir') ? 1 : 0 }));
    const check = createPermissionCheck(shell);

    const refused = {
      code: 'HOST_SUDO_REFUSED',
      message: expect.stringContaining('`sudo rmdir /data/etcd/data.sudo-check-000000.new.part`') as string,
    };
    await expect(check(needs)).rejects.toMatchObject(refused);
    await expect(check(needs)).rejects.toMatchObject(refused);
  });
});
