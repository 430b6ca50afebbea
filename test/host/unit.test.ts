/** What systemd and the unit's files say together. */
import { describe, expect, it } from 'vitest';
import { isDown, readUnit, unitState } from '../../src/host/unit.ts';
import { fakeShell } from './fake-shell.ts';

const show = (properties: Record<string, string>) =>
  Object.entries({
    LoadState: 'loaded',
    ActiveState: 'active',
    MainPID: '7',
    UnitFileState: 'enabled',
    NeedDaemonReload: 'no',
    ...properties,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

function machine(properties: Record<string, string>, path: string, text: string) {
  return fakeShell((line) => {
    if (line.startsWith('systemctl')) return show(properties);
    if (line.startsWith('grep'))
      return text
        .split('\n')
        .map((each) => `${path}\0${each}\n`)
        .join('');
    return line === 'id --group --name etcd' ? 'etcdgroup\n' : { exitCode: 1 };
  });
}

describe('readUnit and unitState', () => {
  it('know the user of a masked unit, for which systemd itself says nothing', async () => {
    const shell = machine(
      { LoadState: 'masked', UnitFileState: 'masked', ActiveState: 'inactive', MainPID: '0' },
      '/lib/systemd/system/etcd.service',
      '[Service]\nUser=etcd',
    );

    const state = await unitState(shell, await readUnit(shell, 'etcd'));

    expect(state).toEqual({ activeState: 'inactive', masked: true, mainPid: 0, user: 'etcd', group: 'etcdgroup', unitFile: 'packaged' });
  });

  it('take root for a unit without User=, and Group= when it is given', async () => {
    const root = machine({}, '/etc/systemd/system/etcd.service', '[Service]\nExecStart=/usr/bin/etcd');
    const grouped = machine({}, '/etc/systemd/system/etcd.service', '[Service]\nUser=etcd\nGroup=ops');

    expect(await unitState(root, await readUnit(root, 'etcd'))).toMatchObject({ user: 'root', group: 'root', unitFile: 'own' });
    expect(await unitState(grouped, await readUnit(grouped, 'etcd'))).toMatchObject({ user: 'etcd', group: 'ops' });
  });

  it('say that there is no such user', async () => {
    const shell = machine({}, '/lib/systemd/system/etcd.service', '[Service]\nUser=nobody-here');

    await expect(unitState(shell, await readUnit(shell, 'etcd'))).rejects.toMatchObject({
      message: expect.stringContaining('no user nobody-here') as string,
    });
  });

  it('take a mask for one only when disk and systemd agree', async () => {
    const masks = await Promise.all(
      [
        { LoadState: 'masked', UnitFileState: 'masked' },
        { LoadState: 'loaded', UnitFileState: 'masked' },
        { LoadState: 'masked', UnitFileState: 'masked-runtime' },
      ].map(async (properties) => (await readUnit(machine(properties, '/lib/systemd/system/etcd.service', '[Service]'), 'etcd')).masked),
    );

    expect(masks).toEqual([true, false, false]);
  });
});

describe('isDown', () => {
  it.each([
    ['inactive', 0, true],
    ['failed', 0, true],
    ['deactivating', 0, false],
    ['inactive', 7, false],
    ['active', 7, false],
  ])('says of %s with main pid %i: %s', (activeState, mainPid, expected) => {
    expect(isDown({ activeState, mainPid })).toBe(expected);
  });
});
