/** The lab itself: what it promises to the tests that stand on it. */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from './lab.ts';
import type { Lab, LabHost } from './lab.ts';
import { readState } from './state.ts';
import { noTraces, tracesOf } from './traces.ts';
import { waitUntil } from './wait.ts';
import { describeOnEach } from './versions.ts';

const upWithinMs = 300_000;
const reachWithinMs = 60_000;

/** Logs in as etcdops, as the bot does. */
async function ssh(lab: Lab, host: LabHost, command: readonly string[], knownHostsFile = lab.ssh.knownHostsFile) {
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=2',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHostsFile}`,
  ];
  return await execa(
    'ssh',
    [
      '-F',
      'none',
      '-i',
      lab.ssh.identityFile,
      ...options.flatMap((option) => ['-o', option]),
      `${lab.ssh.user}@${host.address}`,
      ...command,
    ],
    { reject: false, timeout: 10_000, input: '' },
  );
}

const failsWith = (failure: RegExp) =>
  expect.objectContaining({ exitCode: 255, stderr: expect.stringMatching(failure) as string }) as object;
const answers = async (lab: Lab, host: LabHost) =>
  (
    await lab.etcdctl(['endpoint', 'health', '--dial-timeout=500ms', '--command-timeout=1s'], {
      endpoints: [host.clientUrl],
      reject: false,
    })
  ).exitCode === 0;
const etcdPid = async (host: LabHost) => (await host.exec(['systemctl', 'show', '--property=MainPID', '--value', 'etcd'])).stdout;

describeOnEach('a lab of three members of etcd %s', (etcd) => {
  const name = `selftest-${etcd.replace('.', '')}`;
  let lab: Lab;
  let first: LabHost;
  let second: LabHost;
  let third: LabHost;
  beforeAll(async () => {
    lab = await createLab({ name, etcd, members: 3, dataDirSizeMiB: 256 });
    [first, second, third] = lab.hosts as [LabHost, LabHost, LabHost];
  }, upWithinMs);
  afterAll(async () => await lab?.down());

  it('puts and gets over TLS with the certificate of root, and refuses others', async () => {
    await lab.etcdctl(['put', 'greeting', 'hello']);

    expect((await lab.etcdctl(['get', 'greeting', '--print-value-only'])).stdout).toBe('hello');
    expect((await lab.etcdctl(['get', 'greeting'], { client: lab.pki.plain, reject: false })).stderr).toMatch(
      /user name is empty|permission denied|invalid auth|auth: user/,
    );
    expect(
      (await lab.etcdctl(['get', 'greeting', '--dial-timeout=1s', '--command-timeout=1s'], { client: lab.pki.otherCa, reject: false }))
        .exitCode,
    ).not.toBe(0);
    expect(
      (await lab.etcdctl(['get', 'greeting', '--print-value-only', `--user=root:${lab.rootPassword}`], { client: lab.pki.plain })).stdout,
    ).toBe('hello');
  });

  it('speaks the v2 API on 3.4, and on 3.5 only when told to', async () => {
    const v2 = { api: 2, reject: false } as const;
    await lab.etcdctl(['set', '/old', 'value'], v2);

    // By default any member answers, from its own store, and one may lag.
    expect((await lab.etcdctl(['get', '--quorum', '/old'], v2)).stdout).toBe(etcd === '3.4' ? 'value' : '');
  });

  it('boots without a failed unit, and with a data-dir that only etcd may read', async () => {
    for (const host of lab.hosts) {
      expect((await host.exec(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
      expect((await host.exec(['stat', '--format=%U:%G %a', '/data/etcd/data'])).stdout).toBe('etcd:etcd 700');
    }
  });

  it('lets etcdops in by key, with known host keys, and knows when they are wrong', async () => {
    expect(await ssh(lab, first, [])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('etcd01') as string });
    expect(await ssh(lab, first, ['true'], lab.ssh.wrongKnownHostsFile)).toEqual(failsWith(/HOST IDENTIFICATION HAS CHANGED/));
  });

  it('switches a host off and on, and its disk stays as it was', async () => {
    await lab.etcdctl(['put', 'kept', 'yes']);
    await first.exec(['touch', '/root/kept']);
    await first.fault('power-off');
    expect(await first.isOn()).toBe(false);
    expect((await ssh(lab, first, ['true'])).exitCode).toBe(255);
    // The one that led may have been switched off.
    await waitUntil(() => answers(lab, second), { for: 'the others to go on', withinMs: reachWithinMs });

    await first.fault('power-on');
    await lab.waitHealthy(reachWithinMs);

    expect((await lab.etcdctl(['get', 'kept', '--print-value-only'], { endpoints: [first.clientUrl] })).stdout).toBe('yes');
    await first.exec(['test', '-e', '/root/kept']);
  });

  it('cuts a host off from the network and lets it back', async () => {
    await second.fault('cut-network');
    expect(await answers(lab, second)).toBe(false);
    expect(await second.isOn()).toBe(true);

    await second.fault('restore-network');

    await lab.waitHealthy(reachWithinMs);
  });

  it('fills a disk and frees it', async () => {
    const write = ['dd', 'if=/dev/zero', 'of=/data/etcd/more', 'bs=4K', 'count=1'];
    await third.fault('fill-disk');

    expect((await third.exec(write, { reject: false })).stderr).toMatch(/No space left/);
    await third.fault('free-disk');
    await third.exec(write);
  });

  it('kills etcd, which systemd starts again', async () => {
    await lab.resetCluster();
    const before = await etcdPid(first);
    await first.fault('kill-etcd');

    const now = await waitUntil(
      async () => {
        const pid = await etcdPid(first);
        return pid !== '0' && pid !== before && pid;
      },
      { for: 'another etcd', withinMs: reachWithinMs },
    );
    expect(now).not.toBe(before);
    await lab.waitHealthy(reachWithinMs);
  });

  it('stops etcd and starts it', async () => {
    await second.fault('stop-etcd');
    expect((await second.exec(['systemctl', 'is-active', 'etcd'], { reject: false })).stdout).toBe('inactive');

    await second.fault('start-etcd');

    await lab.waitHealthy(reachWithinMs);
  });

  it('corrupts the database so that etcd does not start on it', async () => {
    await third.fault('corrupt-data');

    expect((await third.exec(['systemctl', 'start', 'etcd'], { reject: false })).exitCode).not.toBe(0);
  });

  it('has an sshd that refuses, or hangs, and answers again', async () => {
    await first.fault('refuse-ssh');
    expect(await ssh(lab, first, ['true'])).toEqual(failsWith(/Connection refused/));
    await first.fault('answer-ssh');
    expect((await ssh(lab, first, ['true'])).exitCode).toBe(0);
    await first.fault('hang-ssh');
    expect(await ssh(lab, first, ['true'])).toEqual(failsWith(/timed out/));

    await first.fault('answer-ssh');

    expect((await ssh(lab, first, ['true'])).exitCode).toBe(0);
  });

  it('takes sudo away from etcdops and gives it back', async () => {
    await first.fault('refuse-sudo');
    expect((await ssh(lab, first, ['sudo', '-n', '-l'])).exitCode).toBe(1);

    await first.fault('allow-sudo');

    expect((await ssh(lab, first, ['sudo', '-n', '-l'])).exitCode).toBe(0);
  });

  it('starts over from whatever a test left behind', async () => {
    await lab.resetCluster();
    await lab.etcdctl(['put', 'old', 'yes']);
    await first.exec([
      'sh',
      '-euc',
      'systemctl stop etcd; systemctl mask etcd; mv /data/etcd/data /data/etcd/data.old; echo ETCD_NAME=other > /etc/default/etcd; cp /etc/default/etcd /etc/default/etcd.bak',
    ]);
    await first.fault('hang-ssh');
    await first.fault('power-off');
    await second.fault('lose-data');
    await second.fault('refuse-sudo');
    await second.fault('refuse-ssh');
    await third.fault('fill-disk');
    await third.fault('cut-network');

    await lab.resetCluster();

    expect((await lab.etcdctl(['get', '', '--prefix'])).stdout).toBe('');
    expect((await lab.etcdctl(['get', 'x'], { client: lab.pki.plain, reject: false })).exitCode).not.toBe(0);
    for (const host of lab.hosts) {
      expect((await ssh(lab, host, ['sudo', '-n', '-l'])).exitCode).toBe(0);
      expect((await host.exec(['ls', '-A', '/data/etcd'])).stdout).toBe('data');
    }
    await first.exec(['test', '!', '-e', '/etc/default/etcd.bak']);
  });
});

describe('the life of a lab', { tags: 'long', timeout: upWithinMs }, () => {
  it('has another range than the one beside it, and leaves nothing when it goes down', async () => {
    const one = await createLab({ name: 'selftest-one', etcd: '3.5', members: 1 });
    const two = await createLab({ name: 'selftest-two', etcd: '3.4', members: 1 });
    expect(one.range).not.toBe(two.range);
    await one.etcdctl(['put', 'where', 'one']);
    expect((await two.etcdctl(['get', 'where'])).stdout).toBe('');
    for (const [what, found] of Object.entries(await tracesOf(one.name, one.range))) expect(found, what).not.toEqual([]);

    await one.down();

    expect(await tracesOf(one.name, one.range)).toEqual(noTraces);
    await two.waitHealthy(reachWithinMs);
    await two.down();
  });

  it('refuses a second lab of its name, and a range that is taken, and leaves nothing of them', async () => {
    const lab = await createLab({ name: 'selftest-one', etcd: '3.4', members: 1 });

    await expect(createLab({ name: 'selftest-one', etcd: '3.4', members: 1 })).rejects.toThrow(/is up already/);
    await expect(createLab({ name: 'selftest-two', etcd: '3.4', members: 1, range: lab.range })).rejects.toThrow(/overlaps interface/);

    await lab.waitHealthy(reachWithinMs);
    expect((await tracesOf('selftest-two', lab.range)).directories).toEqual([]);
    await lab.down();
  });

  it.each([0, 300, 1_000, 1_500])('is gone shortly after its owner was killed, %i ms after its first step', async (delayMs) => {
    const name = 'selftest-killed';
    const code = `import { createLab } from ${JSON.stringify(new URL('lab.ts', import.meta.url).href)}; await createLab({ name: '${name}', etcd: '3.4', members: 1 }); setInterval(() => {}, 1000);`;
    const owner = execa(process.execPath, ['--input-type=module-typescript', '--eval', code], { reject: false });
    const { state } = await waitUntil(async () => await stateOf(name), { for: 'the lab being made', withinMs: 30_000 });
    const killAt = performance.now() + delayMs;
    await waitUntil(() => performance.now() >= killAt, { for: 'the moment to kill', withinMs: delayMs + 1_000 });

    owner.kill('SIGKILL');
    await owner;

    await waitUntil(async () => JSON.stringify(await tracesOf(name, state.range)) === JSON.stringify(noTraces), {
      for: 'the lab being gone',
      withinMs: reachWithinMs,
    });
    expect(await tracesOf(name, state.range)).toEqual(noTraces);
  });
});

async function stateOf(name: string) {
  const state = await readState(name);
  return state && { state };
}
