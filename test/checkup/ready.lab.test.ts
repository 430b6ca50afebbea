/** A cluster is taken in by `init`, `doctor` finds nothing wrong with it, and what it finds on hosts that are spoilt keeps a restore from its gate. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostReady } from '../../src/procedures/replacing/joining-host.ts';
import { preflight } from '../../src/procedures/restoring/preflight.ts';
import { readyToUndo } from '../../src/procedures/undoing/ready-to-undo.ts';
import { MemberName } from '../../src/ids.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { startRedis } from '../queue/redis.ts';
import type { TestRedis } from '../queue/redis.ts';
import { backUp, fillIn, openWorld, type, vouchedFor } from './bot.ts';

const upWithinMs = 300_000;
let lab: Lab;
let redis: TestRedis;
let out: string;
beforeAll(async () => {
  [lab, redis, out] = await Promise.all([
    createLab({ name: 'doc-ready', etcd: '3.5', members: 3 }),
    startRedis(),
    mkdtemp(join(tmpdir(), 'etcd-medic-init-')),
  ]);
}, upWithinMs);
afterAll(async () => {
  await lab?.down();
  await redis?.destroy();
  await rm(out, { recursive: true, force: true });
});

const config = () => join(out, 'config.yaml');
const environment = () => ({ ETCD_MEDIC_CONFIG: config(), REDIS_URL: redis.url });
const initWords = (certificate: { readonly cert: string; readonly key: string }, directory: string) => {
  const files = ['--ca', lab.pki.ca, '--cert', certificate.cert, '--key', certificate.key];
  return ['init', '--endpoint', lab.host('etcd02').clientUrl, '--name', 'prod', ...files, '--out', directory];
};

describe('init', () => {
  it('writes a config.yaml that is right once people are filled in, and the keys that somebody vouches for', async () => {
    const kitSaid = join(out, 'kit-said');
    await writeFile(kitSaid, await vouchedFor(lab));

    const said = await type([...initWords(lab.pki.root, out), '--known-hosts', kitSaid]);
    const before = await type(['doctor'], environment());
    await fillIn(lab, config());
    const after = await type(['doctor', 'prod', '--json'], environment());

    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).toMatch(/CN=root\) will do.*ssh-keygen -t ed25519 -N ''.*etcd-medic kit prod/s);
    expect(said.stdout).not.toMatch(/openssl|ssh-keyscan/);
    expect(await readFile(join(out, 'prod/known_hosts'), 'utf8')).toBe(await readFile(lab.ssh.knownHostsFile, 'utf8'));
    expect(before.exitCode).toBe(1);
    expect(before.stdout).toMatch(/WRONG {2}settings {2}config\.yaml {2}clusters\.prod\.channels\.0: .*\(line \d+\)/);
    expect(checksOf(after.stdout).filter(({ grade, about }) => grade === 'wrong' && about !== 'backups')).toEqual([]);
  });

  it('writes over nothing, says what there is to paste, and which certificate is needed', async () => {
    const before = await readFile(config(), 'utf8');

    const said = await type(initWords(lab.pki.plain, out));

    expect(said.exitCode).toBe(1);
    expect(said.stdout).toMatch(
      /was left as it is.*paste it.*prod:.*CN=monitoring\) does not have the root role.*openssl req -new .*\/CN=root/s,
    );
    expect(said.stdout).toContain(`ssh-keyscan -t ed25519 ${lab.hosts.map(({ address }) => address).join(' ')}`);
    expect(await readFile(config(), 'utf8')).toBe(before);
  });
});

describe('doctor', () => {
  it('finds nothing wrong and nothing to look at, and ends with 0', async () => {
    await backUp(lab, join(out, 'backups'));

    const { exitCode, stdout } = await type(['doctor'], environment());

    expect(stdout).not.toMatch(/^(?:WRONG|LOOK)/m);
    expect(stdout).toMatch(/^good {3}Redis .*\n(?:.*\n)*^prod\n/m);
    expect(stdout).toMatch(/Nothing is wrong; \d+ not looked at, \d+ good\.$/);
    expect(exitCode).toBe(0);
  });

  it.each<readonly [string, string, string, RegExp, ReadonlyArray<'restore' | 'undo' | 'replace-member'>]>([
    [
      // As a firewall on the host that lets the other members through and not the bot: its answers never come.
      'a port that a firewall keeps from the bot',
      'ip rule add to BOT ipproto tcp sport 2380 blackhole',
      'ip rule del to BOT ipproto tcp sport 2380 blackhole',
      /The peer port \S+:2380 gives no answer from the bot, though the host is up/,
      ['restore', 'undo', 'replace-member'],
    ],
    [
      'another name in the settings of the host',
      "sed -i 's/^ETCD_NAME=.*/ETCD_NAME=other/' /etc/default/etcd",
      "sed -i 's/^ETCD_NAME=.*/ETCD_NAME=etcd03/' /etc/default/etcd",
      /calls this member other, and config\.yaml etcd03/,
      ['restore', 'undo', 'replace-member'],
    ],
    [
      'a second etcd that nobody has told the program of',
      'cp /usr/bin/etcd /usr/local/bin/etcd; systemd-run --quiet --unit stray /usr/local/bin/etcd --data-dir /tmp/stray --listen-client-urls http://127.0.0.1:7379 --advertise-client-urls http://127.0.0.1:7379 --listen-peer-urls http://127.0.0.1:7380',
      'systemctl stop stray; rm -rf /tmp/stray /usr/local/bin/etcd',
      /An etcd runs there that is of no entry of host\.json \(pid \d+\)/,
      ['restore', 'undo', 'replace-member'],
    ],
    [
      'settings of another data-dir than that of host.json',
      "sed -i 's#^ETCD_DATA_DIR=.*#ETCD_DATA_DIR=/data/etcd/elsewhere#' /etc/default/etcd",
      "sed -i 's#^ETCD_DATA_DIR=.*#ETCD_DATA_DIR=/data/etcd/data#' /etc/default/etcd",
      /etcd keeps its data in \/data\/etcd\/elsewhere, and host\.json says \/data\/etcd\/data/,
      ['restore', 'undo', 'replace-member'],
    ],
    [
      'settings that stand in two files',
      'mkdir -p /etc/systemd/system/etcd.service.d; printf "[Service]\\nEnvironmentFile=/etc/default/etcd-more\\n" > /etc/systemd/system/etcd.service.d/more.conf; echo ETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster > /etc/default/etcd-more; systemctl daemon-reload',
      'rm -rf /etc/systemd/system/etcd.service.d /etc/default/etcd-more; systemctl daemon-reload',
      /they stand in more than one file/,
      ['restore', 'undo', 'replace-member'],
    ],
  ])('and whoever would move data say of %s the same, before any gate', async (_, spoil, mend, because, purposes) => {
    const host = lab.host('etcd03');
    const here = (script: string) => script.replaceAll('BOT', lab.range.replace(/\.0\/\d+$/, '.1'));
    await host.exec(['sh', '-euc', here(spoil)]);
    try {
      const { exitCode, stdout } = await type(['doctor', '--json'], environment());
      const wrong = checksOf(stdout).filter(({ grade }) => grade === 'wrong');

      expect(exitCode).toBe(1);
      expect(wrong.map(({ about }) => about)).toEqual(wrong.map(() => 'etcd03'));
      expect(wrong.map(({ sentence }) => sentence).join('\n')).toMatch(because);
      expect(wrong.every(({ cure = '' }) => cure !== '')).toBe(true);
      expect(await refusals(purposes)).toEqual(purposes.map(() => expect.stringMatching(because)));
    } finally {
      await host.exec(['sh', '-euc', here(mend)]);
    }
    expect(await refusals(purposes)).toEqual(purposes.map(() => ''));
  });

  it('and a restore say that config.yaml has another peer URL than etcd', async () => {
    const peerUrl = `https://${lab.host('etcd03').address}:2390`;
    const members = { ...(lab.botConfig({ cluster: 'prod' }) as { clusters: { prod: { members: object } } }).clusters.prod.members };
    const overrides = { members: { ...members, etcd03: { ...Reflect.get(members, 'etcd03'), peerUrl } } };
    const { world, close } = openWorld(lab, overrides);

    const finding = await preflight(world, { bytes: 1_000 });
    await close();

    expect(finding).toMatchObject({
      holds: false,
      because: expect.stringMatching(/etcd03: etcd has it at \S+:2380, and config\.yaml has peerUrl \S+:2390/),
    });
  });

  it('is in the way of no restore when etcd is down: with one member, with none', async () => {
    for (const name of ['etcd02', 'etcd03', 'etcd01']) {
      await lab.host(name).fault('stop-etcd');

      expect(await refusals(['restore']), name).toEqual(['']);
    }
    const { exitCode, stdout } = await type(['doctor', '--json'], environment());

    expect(exitCode).toBe(1);
    expect(
      checksOf(stdout)
        .filter(({ grade }) => grade === 'not looked at')
        .map(({ id }) => id),
    ).toEqual(expect.arrayContaining(['auth', 'rights', 'alarms', 'member list']));
  });
});

interface Line {
  readonly id: string;
  readonly about: string;
  readonly grade: string;
  readonly sentence: string;
  readonly cure?: string;
}

function checksOf(stdout: string): readonly Line[] {
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Line[] };
  return checks;
}

/** Why each would refuse; empty when it would not. */
async function refusals(purposes: ReadonlyArray<'restore' | 'undo' | 'replace-member'>): Promise<readonly string[]> {
  const { world, close } = openWorld(lab);
  const look = await world.etcd.look();
  const replacing = {
    member: MemberName.parse('etcd03'),
    others: ['etcd01', 'etcd02'].map((name) => MemberName.parse(name)),
    dbSizeBytes: 1_000,
    etcdVersions: new Set(['3.5.16']),
    look,
  };
  const ask = {
    restore: () => preflight(world, { bytes: 1_000 }),
    undo: () => readyToUndo(world),
    'replace-member': () => hostReady(replacing, world),
  };
  try {
    const findings = await Promise.all(purposes.map((purpose) => ask[purpose]()));
    return findings.map((finding) => (finding.holds ? '' : finding.because));
  } finally {
    await close();
  }
}
