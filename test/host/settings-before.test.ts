/** Reading what etcd's settings were before a run, from the copy that was kept of their file. */
import { describe, expect, it } from 'vitest';
import { copyName } from '../../src/host/settings-edit.ts';
import { createForesight } from '../../src/host/foresight.ts';
import { settingsBefore } from '../../src/host/settings-before.ts';
import { fakeShell } from './fake-shell.ts';

const set = { initialClusterState: 'existing', initialClusterToken: 'etcd-cluster-7f3a9c' } as const;
const unitPath = '/lib/systemd/system/etcd.service';
const ownPath = '/etc/systemd/system/etcd.service';
const file = '/etc/default/etcd';
const copy = `${file}.before-existing-etcd-cluster-7f3a9c.etcd-medic`;
const environmentUnit = `[Service]\nEnvironmentFile=-${file}\nUser=etcd\nExecStart=/usr/bin/etcd`;
const now = 'ETCD_INITIAL_CLUSTER_STATE="existing"\nETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster-7f3a9c"\nETCD_NAME="etcd01"\n';

/** A host with these files. */
function before(files: Record<string, string>, wanted: Parameters<typeof settingsBefore>[2] = set) {
  const shell = fakeShell((line) => {
    const path = line.split(' ').at(-1) ?? '';
    if (line.startsWith('systemctl show'))
      return 'LoadState=loaded\nActiveState=inactive\nMainPID=0\nUnitFileState=enabled\nNeedDaemonReload=no\n';
    if (line.startsWith('grep')) {
      const units = Object.entries(files).filter(([name]) => name.includes('systemd') && !name.includes('.before-'));
      return units.flatMap(([name, text]) => text.split('\n').map((each) => `${name}\0${each}\n`)).join('');
    }
    return line.startsWith('sudo cat') ? (files[path] ?? { exitCode: 1 }) : '';
  });
  return settingsBefore(shell, 'etcd', wanted, createForesight(shell));
}

describe('settingsBefore', () => {
  it('gives exactly the settings that were changed, with their old values', async () => {
    const old =
      'ETCD_INITIAL_CLUSTER_STATE="new"\nETCD_INITIAL_CLUSTER_TOKEN="of-old"\nETCD_INITIAL_CLUSTER="a=https://x:2380"\nETCD_NAME="etcd01"\n';

    expect(await before({ [unitPath]: environmentUnit, [file]: now, [copy]: old })).toEqual({
      initialClusterState: 'new',
      initialClusterToken: 'of-old',
    });
  });

  it('gives the initial cluster too where that was changed', async () => {
    const wanted = { ...set, initialCluster: 'a=https://x:2380' };
    const old =
      'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=of-old\nETCD_INITIAL_CLUSTER="a=https://x:2380,b=https://y:2380"\n';

    expect(await before({ [unitPath]: environmentUnit, [file]: now, [copyName(file, wanted)]: old }, wanted)).toEqual({
      initialClusterState: 'existing',
      initialClusterToken: 'of-old',
      initialCluster: 'a=https://x:2380,b=https://y:2380',
    });
  });

  it('gives what etcd takes by itself where one stood nowhere', async () => {
    expect(await before({ [unitPath]: environmentUnit, [file]: now, [copy]: 'ETCD_NAME="etcd01"\n' })).toEqual({
      initialClusterState: 'new',
      initialClusterToken: 'etcd-cluster',
    });
  });

  it('finds the copy of a unit file with flags, also while the unit is masked', async () => {
    const unit = (state: string, token: string) =>
      `[Service]\nUser=etcd\nExecStart=/usr/bin/etcd --name=etcd01 --initial-cluster-state=${state} --initial-cluster-token=${token}`;
    const kept = { [`${ownPath}.before-existing-etcd-cluster-7f3a9c.etcd-medic`]: unit('new', 'of-old') };
    const wanted = { initialClusterState: 'new', initialClusterToken: 'of-old' };

    expect(await before({ [ownPath]: unit('existing', 'etcd-cluster-7f3a9c'), ...kept })).toEqual(wanted);
    expect(await before({ [`${ownPath}.masked-by-etcd-medic`]: unit('existing', 'etcd-cluster-7f3a9c'), ...kept })).toEqual(wanted);
  });

  it('says that it does not know where no copy is there', async () => {
    expect(await before({ [unitPath]: environmentUnit, [file]: now })).toBeUndefined();
  });
});
