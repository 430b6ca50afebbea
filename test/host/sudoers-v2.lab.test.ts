/** The aliases of deploy/sudoers for API 2: narrow. That they are wide enough is shown by the tests of what they are for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { mayRun } from './as-ops.ts';

const upWithinMs = 300_000;
const run = '/data/etcd/data.v2-restore-prod-7f3a9c';
const drop = '/run/systemd/system/etcd.service.d/etcd-medic-force-new-cluster.conf';
const text = (said: string, path = drop) => `s/.*/${said}/w${path}`;
const flag = String.raw`[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true`;

describe.each(['3.4', '3.5'] as const)('deploy/sudoers for API 2 on the release of etcd %s', (etcd) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: `sudo-v2-${etcd.replace('.', '')}`, etcd, members: 1 });
  }, upWithinMs);
  afterAll(async () => lab?.down());

  const asOps = (argv: readonly string[]) => mayRun(lab, argv);

  it('allows the drop-in as it is', async () => {
    expect(await asOps(['sed', '-n', '-e', text(flag), '/proc/version'])).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['another text in the drop-in', ['sed', '-n', '-e', text(String.raw`[Service]\nExecStartPre=/bin/sh`), '/proc/version']],
    ['another drop-in', ['sed', '-n', '-e', text(flag, '/run/systemd/system/ssh.service.d/x.conf'), '/proc/version']],
    ['a file of the system', ['sed', '-n', '-e', text(flag, '/etc/cron.d/x'), '/proc/version']],
    ['a command of sed', ['sed', '-n', '-e', '1e id', '/proc/version']],
    ['a further expression', ['sed', '-n', '-e', text(flag), '-e', '1e id', '/proc/version']],
    ['another input', ['sed', '-n', '-e', text(flag), '/etc/shadow']],
    ['editing in place', ['sed', '-i', '-e', text(flag), '/proc/version']],
    ['a directory elsewhere', ['mkdir', '-p', '-m', '755', '/run/systemd/system/ssh.service.d']],
    ['removing another drop-in', ['rm', '-f', '/run/systemd/system/etcd.service.d/other.conf']],
    ['printing an environment', ['grep', '-z', '', '/proc/1/environ']],
    ['asking for another variable', ['grep', '-z', '-c', '^PASSWORD=', '/proc/1/environ']],
    ['a tar as root', ['tar', '--extract', '--gzip', `--file=${run}.snapshot`, `--directory=${run}.new.part/data`]],
    [
      'a tar that runs a program',
      ['-u', 'etcd', 'tar', '--create', '--gzip', '--sort=name', '-I/tmp/x', `--file=${run}.new.part/data.tar.gz`],
    ],
    ['unpacking over the data-dir', ['-u', 'etcd', 'tar', '--extract', '--gzip', `--file=${run}.snapshot`, '--directory=/data/etcd/data']],
    [
      'packing something else',
      ['-u', 'etcd', 'tar', '--create', '--gzip', '--sort=name', `--file=${run}.new.part/data.tar.gz`, '--directory=/etc', 'passwd'],
    ],
    [
      'a backup with data of API 3',
      [
        '-u',
        'etcd',
        'env',
        'ETCDCTL_API=2',
        'etcdctl',
        'backup',
        '--with-v3',
        '--data-dir=/data/etcd/data',
        `--backup-dir=${run}.new.part/data`,
      ],
    ],
    [
      'a backup elsewhere',
      ['-u', 'etcd', 'env', 'ETCDCTL_API=2', 'etcdctl', 'backup', '--data-dir=/data/etcd/data', '--backup-dir=/tmp/x'],
    ],
    ['another program behind env', ['-u', 'etcd', 'env', 'ETCDCTL_API=2', 'sh', '-c', 'id']],
    [
      'another variable',
      ['-u', 'etcd', 'env', 'LD_PRELOAD=/tmp/x.so', 'etcdctl', 'backup', '--data-dir=/data/etcd/data', `--backup-dir=${run}.new.part/data`],
    ],
    ['reading the WAL of the data-dir', ['-u', 'etcd', 'cat', '/data/etcd/data/member/wal/0000000000000000-0000000000000000.wal']],
    [
      'dumping the data-dir’s database',
      ['-u', 'etcd', 'od', '-A', 'n', '-t', 'x1', '-v', '-N', '131072', '/data/etcd/data/member/snap/db'],
    ],
    ['listing another directory', ['find', '/root', '-type', 'f', '-printf', String.raw`%P\t%s\0`]],
  ])('does not allow %s', async (_, argv) => {
    expect((await asOps(argv)).exitCode).not.toBe(0);
  });
});
