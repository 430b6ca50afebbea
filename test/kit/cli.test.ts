/** `etcd-medic kit` as it is typed: with a config.yaml, and neither Redis nor Slack. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { publicKey } from './example.ts';

function type(words: readonly string[], { flawed = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kit-'));
  writeFileSync(join(folder, 'id.pub'), `${publicKey} bot\n`);
  const prod = {
    channels: ['C0INCIDENT'],
    operators: ['U0ALICE'],
    approvers: ['U0BOB'],
    approvals: { required: 1, quorumLoss: 1, expiresAfter: '30m' },
    tls: { ca: '/nowhere/ca.pem', cert: '/nowhere/root.pem', key: '/nowhere/root.key' },
    ssh: { user: 'etcdops', identityFile: join(folder, 'id'), knownHostsFile: '/nowhere/known_hosts' },
    etcd: { unit: flawed ? 'etcd; id' : 'etcd', initialClusterToken: 'token' },
    members: { etcd01: { host: '10.0.0.31', clientUrl: 'https://10.0.0.31:2379', peerUrl: 'https://10.0.0.31:2380' } },
  };
  writeFileSync(join(folder, 'config.yaml'), stringify({ backups: { directory: '/nowhere/backups' }, clusters: { prod } }));
  return spawnSync(process.execPath, ['src/cli.ts', ...words], {
    env: { PATH: process.env['PATH'], ETCD_MEDIC_CONFIG: join(folder, 'config.yaml') },
    encoding: 'utf8',
  });
}

describe('etcd-medic kit', () => {
  it('prints the script alone on standard output', () => {
    const { status, stdout, stderr } = type(['kit', 'prod']);

    expect(status).toBe(0);
    expect(stdout).toMatch(/^#!\/bin\/sh\n[^]*\n}\n$/);
    expect(stderr).toContain('ssh root@10.0.0.31 sh < kit.sh');
  });

  it('explains itself', () => {
    const { status, stdout } = type(['kit', '--help']);

    expect(status).toBe(0);
    expect(stdout).toContain('kit <cluster> [--member <member>] [--from <address>] [--allow <groups>] [--root] [--remove]');
  });

  it.each([
    [['kit'], 64, 'cluster'],
    [['kit', 'staging'], 64, 'There is no cluster `staging`.'],
    [['kit', 'prod', '--form=1'], 64, 'Did you mean `--from`?'],
  ])('ends %j with exit code %i and nothing on standard output', (words, code, said) => {
    const { status, stdout, stderr } = type(words);

    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(said);
  });

  it('says what is wrong in config.yaml, and where', () => {
    const { status, stderr } = type(['kit', 'prod'], { flawed: true });

    expect(status).toBe(78);
    expect(stderr).toMatch(/clusters\.prod\.etcd\.unit: a systemd unit name is needed.*\(line \d+\)/);
  });
});
