/** deploy/sudoers: whole, and narrow. That it is wide enough is shown by every other test of hosts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { mayRun } from './as-ops.ts';

const upWithinMs = 300_000;
const run = '/data/etcd/data.restore-prod-7f3a9c';
const edit = (value: string) => `/^ *[#;]/!s@((ETCD_INITIAL_CLUSTER_STATE|initial-cluster-state)[=: ] *["']?)[A-Za-z0-9._-]*@\\1${value}@g`;
const cluster = (value: string) => `/^ *[#;]/!s@((ETCD_INITIAL_CLUSTER|initial-cluster)[=: ] *["']?)[][A-Za-z0-9.:/,=_-]*@\\1${value}@g`;
const token = `/^ *[#;]/!s@((ETCD_INITIAL_CLUSTER_TOKEN|initial-cluster-token)[=: ] *["']?)[A-Za-z0-9._-]*@\\1t@g`;

describe.each(['3.4', '3.5'] as const)('deploy/sudoers on the release of etcd %s', (etcd) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: `sudo-${etcd.replace('.', '')}`, etcd, members: 1 });
  }, upWithinMs);
  afterAll(async () => lab?.down());

  const asOps = (argv: readonly string[]) => mayRun(lab, argv);

  it('is a file that sudo takes', async () => {
    const { stdout } = await lab.host('etcd01').exec(['visudo', '-c']);

    expect(stdout).toContain('/etc/sudoers.d/etcd-medic: parsed OK');
  });

  const nine = Array.from({ length: 9 }, (_, index) => `etcd0${index}.prod=https://[2001:db8:0:0:0:0:0:${index}]:2380`).join(',');
  it.each([
    ['of state and token', ['-e', edit('existing'), '-e', token]],
    ['of the state alone', ['-e', edit('existing')]],
    ['of state and a cluster of nine', ['-e', edit('existing'), '-e', cluster(nine)]],
    ['of all three', ['-e', edit('new'), '-e', token, '-e', cluster(nine)]],
    [
      'that adds them to a config file',
      ['-e', String.raw`$ainitial-cluster-state:\x20new`, '-e', String.raw`$ainitial-cluster:\x20${nine}`],
    ],
    ['that adds them to an environment file', ['-e', '$aETCD_INITIAL_CLUSTER_STATE=new', '-e', `$aETCD_INITIAL_CLUSTER=${nine}`]],
  ])('allows the edit %s', async (_, expressions) => {
    expect(await asOps(['sed', '-i', '-E', ...expressions, '/etc/default/etcd'])).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['what was moved aside to go back into its place', ['mv', '-nT', `${run}.old`, '/data/etcd/data']],
    ['the copy of a settings file to be read', ['cat', '/etc/default/etcd.before-existing-etcd-cluster-7f3a9c.etcd-medic']],
    ['that of a unit file too', ['cat', '/etc/systemd/system/etcd.service.masked-by-etcd-medic.before-new.etcd-medic']],
  ])('allows %s', async (_, argv) => {
    expect(await asOps(argv)).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['a shell', ['sh']],
    ['a shell as etcd', ['-u', 'etcd', 'sh']],
    ['the data-dir itself', ['rm', '-rf', '--one-file-system', '/data/etcd/data']],
    ['a path that leads elsewhere', ['rm', '-rf', '--one-file-system', `${run}/../../x-000000.old`]],
    ['two paths', ['rm', '-rf', '--one-file-system', `${run}.old`, '/etc']],
    ['two paths in one word', ['rm', '-rf', '--one-file-system', `${run}.old /etc`]],
    ['a path over two lines', ['rm', '-rf', '--one-file-system', `${run}.old\n/etc`]],
    ['another name of a run', ['rm', '-rf', '--one-file-system', '/data/etcd/data.X-7f3a9c.old']],
    ['a rename over a file of the system', ['mv', '-nT', `${run}.new`, '/etc/sudoers']],
    ['a rename without -n', ['mv', '-T', `${run}.new`, '/data/etcd/data']],
    ['putting back over what is there', ['mv', '-T', `${run}.old`, '/data/etcd/data']],
    ['putting back into what is there', ['mv', '-n', `${run}.old`, '/data/etcd/data']],
    ['putting back something that no run moved aside', ['mv', '-nT', '/data/etcd/data.old', '/data/etcd/data']],
    ['putting back elsewhere', ['mv', '-nT', `${run}.old`, '/etc/sudoers.d/x']],
    ['moving what is kept under another name', ['mv', '-nT', `${run}.old`, '/data/etcd/data.undo-prod-7f3a9c.old']],
    ['a copy of another file', ['cat', '/etc/shadow.before-new.etcd-medic']],
    ['a path behind a copy', ['cat', '/etc/default/etcd.before-new-../../shadow.etcd-medic']],
    ['a file beside a copy', ['cat', '/etc/default/etcd.before-new.etcd-medic', '/etc/shadow']],
    ['a file of the system', ['dd', 'bs=1M', 'iflag=fullblock', 'conv=excl,fsync', 'status=none', 'of=/etc/cron.d/x']],
    ['writing over a file', ['dd', 'bs=1M', `of=${run}.snapshot.part`]],
    ['another owner', ['chown', '-h', 'etcdops:etcdops', `${run}.snapshot`]],
    ['following a link', ['chown', 'etcd:etcd', `${run}.snapshot`]],
    ['another owner of the data-dir', ['chown', '-h', 'etcdops:etcdops', '/data/etcd/data']],
    ['all owners in the data-dir', ['chown', '-R', '-h', 'etcd:etcd', '/data/etcd/data']],
    ['another file', ['cat', '/etc/shadow']],
    ['a snapshot', ['cat', `${run}.snapshot`]],
    ['another unit', ['systemctl', 'stop', 'ssh']],
    ['two units', ['systemctl', 'stop', 'etcd', 'ssh']],
    ['editing a unit', ['systemctl', 'edit', 'etcd']],
    ['another value', ['sed', '-i', '-E', '-e', edit('new@;e id #'), '-e', token, '/etc/default/etcd']],
    ['a command of sed', ['sed', '-i', '-E', '-e', '1e id', '-e', token, '/etc/default/etcd']],
    ['another setting', ['sed', '-i', '-E', '-e', '$aLD_PRELOAD=/tmp/x.so', '-e', token, '/etc/default/etcd']],
    ['a further expression', ['sed', '-i', '-E', '-e', edit('new'), '-e', token, '-e', '1e id', '/etc/default/etcd']],
    ['another settings file', ['sed', '-i', '-E', '-e', edit('new'), '-e', token, '/etc/sudoers']],
    ['a copy elsewhere', ['cp', '-aT', '/etc/default/etcd', '/etc/cron.d/x']],
    [
      'a file smuggled in behind a setting',
      ['sed', '-i', '-E', '-e', edit('new'), '-e', '$ainitial-cluster-token:', 'passwd', '/etc/default/etcd'],
    ],
    [
      'a path smuggled in behind a cluster',
      ['sed', '-i', '-E', '-e', edit('new'), '-e', '$ainitial-cluster:', '/etc/passwd', '/etc/default/etcd'],
    ],
    ['a cluster with a blank', ['sed', '-i', '-E', '-e', edit('new'), '-e', cluster('a=https://x:2380 b'), '/etc/default/etcd']],
    ['a cluster that ends the expression', ['sed', '-i', '-E', '-e', edit('new'), '-e', cluster('a@e;'), '/etc/default/etcd']],
    ['a cluster with a reference', ['sed', '-i', '-E', '-e', edit('new'), '-e', cluster('&'), '/etc/default/etcd']],
    ['the cluster twice', ['sed', '-i', '-E', '-e', edit('new'), '-e', cluster('a'), '-e', cluster('b'), '/etc/default/etcd']],
    ['a data-dir elsewhere', ['mkdir', '-m', '700', '/data/etcd/other']],
    ['the database as root', ['cat', '/data/etcd/data/member/snap/db']],
    ['another file of etcd’s', ['-u', 'etcd', 'cat', '/data/etcd/data/member/wal/0.tmp']],
    ['a private key', ['-u', 'etcd', '-g', 'etcd', 'cat', '/etc/etcd/pki/server.key']],
    ['a private key by openssl', ['-u', 'etcd', '-g', 'etcd', 'openssl', 'pkey', '-in', '/etc/etcd/pki/server.key']],
    [
      'a private key beside its public half',
      ['-u', 'etcd', '-g', 'etcd', 'openssl', 'pkey', '-in', '/etc/etcd/pki/server.key', '-pubout', '-text'],
    ],
    ['another command of openssl', ['-u', 'etcd', '-g', 'etcd', 'openssl', 'enc', '-in', '/etc/etcd/pki/server.key']],
    ['a restart of another unit', ['systemctl', 'restart', '--no-block', 'ssh']],
    ['etcd’s tool as root', ['etcdctl', 'snapshot', 'status', '/data/etcd/data/member/snap/db', '-w', 'json']],
    ['another command of etcd’s tool', ['-u', 'etcd', 'etcdctl', 'snapshot', 'save', '/data/etcd/x']],
    ['a restore elsewhere', ['-u', 'etcd', 'etcdctl', 'snapshot', 'restore', `${run}.snapshot`, '--data-dir=/data/etcd/data']],
  ])('does not allow %s', async (_, argv) => {
    expect((await asOps(argv)).exitCode).not.toBe(0);
  });
});
