/** etcd's settings in effect: from an environment file, from flags, from YAML. */
import { describe, expect, it } from 'vitest';
import { configFilePath, environmentFilePaths, etcdSettings } from '../../src/host/etcd-settings.ts';
import { directives } from '../../src/host/unit-text.ts';

const unitPath = '/usr/lib/systemd/system/etcd.service';
const debian = `[Service]
Environment=DAEMON_ARGS=
Environment=ETCD_NAME=%H
Environment=ETCD_DATA_DIR=/var/lib/etcd/default
EnvironmentFile=-/etc/default/%p
ExecStart=/usr/bin/etcd $DAEMON_ARGS
`;
const unit = (text: string) => directives([{ path: unitPath, text }]);
const env = (text: string) => [{ path: '/etc/default/etcd', text }];

describe('etcdSettings', () => {
  it('reads Debian’s own unit: the environment file goes before Environment=', () => {
    const { style, values, program } = etcdSettings(unit(debian), env('ETCD_DATA_DIR=/data/etcd/data\nETCD_INITIAL_CLUSTER_STATE="new"\n'));

    expect(style).toBe('environment-file');
    expect(program).toBe('/usr/bin/etcd');
    expect(values.get('data-dir')).toEqual({ value: '/data/etcd/data', file: '/etc/default/etcd' });
    expect(values.get('initial-cluster-state')).toEqual({ value: 'new', file: '/etc/default/etcd' });
  });

  it('lets the last of repeated keys win', () => {
    expect(
      etcdSettings(unit(debian), env('ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_STATE=existing\n')).values.get(
        'initial-cluster-state',
      )?.value,
    ).toBe('existing');
  });

  it('finds flags inside of DAEMON_ARGS, which go before variables, in the environment file', () => {
    const { style, values } = etcdSettings(
      unit(debian),
      env('ETCD_INITIAL_CLUSTER_STATE=existing\nDAEMON_ARGS="--initial-cluster-state new --data-dir=/d"\n'),
    );

    expect(style).toBe('environment-file');
    expect(values.get('initial-cluster-state')).toEqual({ value: 'new', file: '/etc/default/etcd' });
    expect(values.get('data-dir')?.value).toBe('/d');
  });

  it('reads flags in ExecStart with one or two dashes, with = or a blank, also from a drop-in', () => {
    const files = directives([
      { path: unitPath, text: debian },
      {
        path: '/etc/systemd/system/etcd.service.d/flags.conf',
        text: '[Service]\nExecStart=\nExecStart=/opt/etcd -initial-cluster-state new --enable-v2 --initial-cluster-token="t"\n',
      },
    ]);

    const { style, values, program, unitFile } = etcdSettings(files, []);

    expect(style).toBe('flags');
    expect(program).toBe('/opt/etcd');
    expect(unitFile).toBe('/etc/systemd/system/etcd.service.d/flags.conf');
    expect([
      values.get('initial-cluster-state')?.value,
      values.get('enable-v2')?.value,
      values.get('initial-cluster-token')?.value,
    ]).toEqual(['new', 'true', 't']);
  });

  it('lets a config file go before everything, and keeps nothing else', () => {
    const files = unit(
      '[Service]\nEnvironment=ETCD_DATA_DIR=/wrong\nExecStart=/usr/bin/etcd --config-file=/etc/etcd/etcd.yml --data-dir=/wrong\n',
    );

    const { style, values } = etcdSettings(files, [], {
      path: '/etc/etcd/etcd.yml',
      text: "data-dir: /data/etcd/data # here\ninitial-cluster-state: 'new'\n",
    });

    expect(configFilePath(files, [])).toBe('/etc/etcd/etcd.yml');
    expect(style).toBe('config-file');
    expect([...values.keys()]).toEqual(['data-dir', 'initial-cluster-state']);
    expect(values.get('data-dir')).toEqual({ value: '/data/etcd/data', file: '/etc/etcd/etcd.yml' });
  });
});

describe('environmentFilePaths', () => {
  it('fills in the unit’s name and drops the dash that allows absence', () => {
    expect(environmentFilePaths(unit(debian), 'etcd')).toEqual(['/etc/default/etcd']);
  });
});
