/** Changing etcd's configuration on a host in memory. */
import { describe, expect, it } from 'vitest';
import { configure, configuredFinding, readConfiguration } from '../../src/host/configuration.ts';
import { edited } from '../../src/host/settings-edit.ts';
import { readUnit } from '../../src/host/unit.ts';
import { fakeShell } from './fake-shell.ts';

const settings = { initialClusterState: 'existing', initialClusterToken: 'etcd-cluster-7f3a9c' } as const;
const unitPath = '/lib/systemd/system/etcd.service';
const ownPath = '/etc/systemd/system/etcd.service';
const environmentUnit = '[Service]\nEnvironmentFile=-/etc/default/etcd\nUser=etcd\nExecStart=/usr/bin/etcd $DAEMON_ARGS';

/** A host whose `sed` does what `edited` foretells for its style. */
function machine(files: Record<string, string>, { sedWorks = true } = {}) {
  const texts = new Map(Object.entries(files));
  const shell = fakeShell((line) => {
    const words = line.split(' ');
    const file = words.at(-1) ?? '';
    if (line.startsWith('systemctl show'))
      return 'LoadState=loaded\nActiveState=inactive\nMainPID=0\nUnitFileState=enabled\nNeedDaemonReload=no\n';
    if (line.startsWith('grep')) {
      const units = [...texts].filter(([path]) => path.includes('systemd'));
      return units.flatMap(([path, text]) => text.split('\n').map((each) => `${path}\0${each}\n`)).join('');
    }
    if (line.startsWith('sudo cat')) return texts.has(file) ? (texts.get(file) ?? '') : { exitCode: 1 };
    if (line.startsWith('test -e')) return { exitCode: texts.has(file) ? 0 : 1 };
    if (line.startsWith('sudo cp')) texts.set(file, texts.get(words.at(-2) ?? '') ?? '');
    if (line.startsWith('sudo sed') && sedWorks) {
      const append = ['initial-cluster-state', 'initial-cluster-token'].filter((name) =>
        line.includes(`$aETCD_${name.toUpperCase().replaceAll('-', '_')}`),
      );
      texts.set(
        file,
        edited(texts.get(file) ?? '', { settings, append, style: file.endsWith('.yml') ? 'config-file' : 'environment-file' }),
      );
    }
    return '';
  });
  const finding = async () =>
    configuredFinding(shell.where, await readConfiguration(shell, 'etcd', await readUnit(shell, 'etcd')), settings);
  return { shell, texts, finding };
}

describe('configure', () => {
  it('changes the environment file, keeps a copy and reloads systemd', async () => {
    const { shell, texts, finding } = machine({
      [unitPath]: environmentUnit,
      '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_STATE="new"\nETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster"\n',
    });

    const { difference } = await configure(shell, 'etcd', settings);

    expect(difference).toContain('-ETCD_INITIAL_CLUSTER_STATE="new"\n+ETCD_INITIAL_CLUSTER_STATE="existing"');
    expect(texts.get('/etc/default/etcd.before-existing-etcd-cluster-7f3a9c.etcd-medic')).toContain('"new"');
    expect(shell.lines).toContain('sudo systemctl daemon-reload');
    expect(await finding()).toEqual({ holds: true });
  });

  it('does nothing when the settings stand', async () => {
    const { shell } = machine({
      [unitPath]: environmentUnit,
      '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n',
    });

    expect(await configure(shell, 'etcd', settings)).toEqual({ difference: '' });
    expect(shell.lines.filter((line) => /sed|cp|reload/.test(line.replace('NeedDaemonReload', '')))).toEqual([]);
  });

  it('makes a copy anew that was cut: as long as there is something to change, the file is as it was', async () => {
    const copy = '/etc/default/etcd.before-existing-etcd-cluster-7f3a9c.etcd-medic';
    const { shell, texts } = machine({
      [unitPath]: environmentUnit,
      '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=b\n',
      [copy]: 'ETCD_INITIAL_CLU',
    });

    await configure(shell, 'etcd', settings);

    expect(texts.get(copy)).toBe('ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=b\n');
  });

  it('adds settings that stand nowhere', async () => {
    const { shell, texts } = machine({ [unitPath]: environmentUnit, '/etc/default/etcd': 'ETCD_NAME=a\n' });

    await configure(shell, 'etcd', settings);

    expect(texts.get('/etc/default/etcd')).toBe(
      'ETCD_NAME=a\nETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n',
    );
  });

  it('changes flags in the administrator’s own unit file, and a YAML file', async () => {
    const flags = machine({ [ownPath]: '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new --initial-cluster-token=t' });
    const yaml = machine({
      [ownPath]: '[Service]\nExecStart=/usr/bin/etcd --config-file /etc/etcd/etcd.yml',
      '/etc/etcd/etcd.yml': 'initial-cluster-state: new\ninitial-cluster-token: t\n',
    });

    await configure(flags.shell, 'etcd', settings);
    await configure(yaml.shell, 'etcd', settings);

    expect(flags.texts.get(ownPath)).toContain('--initial-cluster-state=existing --initial-cluster-token=etcd-cluster-7f3a9c');
    expect(yaml.texts.get('/etc/etcd/etcd.yml')).toBe('initial-cluster-state: existing\ninitial-cluster-token: etcd-cluster-7f3a9c\n');
  });

  it.each([
    [
      'flags of a packaged unit',
      { [unitPath]: '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new --initial-cluster-token=t' },
      'belongs to a package',
    ],
    [
      'a flag that is missing',
      { [ownPath]: '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new' },
      'initial-cluster-token is no flag',
    ],
    [
      'two files',
      {
        [unitPath]: environmentUnit.replace('$DAEMON_ARGS', '--initial-cluster-state=new'),
        '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_TOKEN=t\n',
      },
      'more than one file',
    ],
    [
      'a value that is not written plainly',
      { [unitPath]: environmentUnit, '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_STATE=n"e"w\nETCD_INITIAL_CLUSTER_TOKEN=t\n' },
      'not written in a way',
    ],
    [
      'a value on the next line',
      { [ownPath]: '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-token=t --initial-cluster-state \\\n  new \\\n  --name=a' },
      'would also move new',
    ],
    ['no file at all', { [unitPath]: environmentUnit }, 'initial-cluster-state and initial-cluster-token is no flag'],
  ])('touches nothing and says what to do by hand: %s', async (_, files, because) => {
    const { shell } = machine(files);

    await expect(configure(shell, 'etcd', settings)).rejects.toMatchObject({
      code: 'HOST_OUTPUT_UNKNOWN',
      message: expect.stringContaining(because) as string,
      hint: expect.stringContaining('by hand') as string,
    });
    expect(shell.lines.filter((line) => /^sudo (sed|cp|systemctl)/.test(line))).toEqual([]);
  });

  it('does not call it done when the host did not do it', async () => {
    const { shell } = machine(
      { [unitPath]: environmentUnit, '/etc/default/etcd': 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n' },
      { sedWorks: false },
    );

    await expect(configure(shell, 'etcd', settings)).rejects.toMatchObject({
      message: expect.stringContaining('after the change') as string,
    });
  });
});
