/** The way to real hosts that refuse, hang, vanish or are not who they should be, and what a host's key opens. */
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import { firstOf, openHosts } from './lab-hosts.ts';
import type { LabHosts } from './lab-hosts.ts';

const upWithinMs = 300_000;
/** ssh's own limit and what a busy machine adds. */
const saysNoWithinMs = 15_000;

describe('the way to a host', () => {
  let lab: Lab;
  let labHost: LabHost;
  let dir: string;
  beforeAll(async () => {
    lab = await createLab({ name: 'host-ssh', etcd: '3.5', members: 1 });
    labHost = lab.host('etcd01');
    dir = await mkdtemp(join(tmpdir(), 'em-ssh-'));
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });
  const opened: LabHosts[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((open) => open.close()));
  });

  const open = (ssh: Partial<Lab['ssh']> = {}) => {
    const hosts = openHosts(lab, { ssh: { ...lab.ssh, ...ssh } });
    opened.push(hosts);
    return firstOf(hosts);
  };
  const failure = async (host: ReturnType<typeof open>) => {
    const beganMs = performance.now();
    const error: unknown = await host.unit().catch((thrown: unknown) => thrown);
    expect(performance.now() - beganMs).toBeLessThan(saysNoWithinMs);
    return error;
  };
  const count = async (pattern: string) => Number((await labHost.exec(['sh', '-c', pattern])).stdout);
  const programs = async () => await count('pgrep -c -f "[e]tcd-medic-host" || true');

  it('is one connection for many requests, which leaves nothing behind on the host', async () => {
    const logins = async () => await count('journalctl --sync; journalctl -u ssh | grep -c "Accepted publickey"');
    const host = open();
    await host.unit();
    const before = await logins();

    for (let index = 0; index < 5; index += 1) await host.unit();

    expect(await logins()).toBe(before);
    expect(await programs()).toBeGreaterThan(0);
    await Promise.all(opened.splice(0).map((hosts) => hosts.close()));
    await waitUntil(async () => (await programs()) === 0, { for: 'the program to end', withinMs: saysNoWithinMs });
  });

  it('opens the program and nothing else, whatever is asked of sshd', async () => {
    const { identityFile, knownHostsFile, user } = lab.ssh;
    const options = ['-F', '/dev/null', '-o', `UserKnownHostsFile=${knownHostsFile}`, '-o', 'IdentitiesOnly=yes', '-i', identityFile];
    const { stdout } = await execa('ssh', [...options, `${user}@${labHost.address}`, 'id; cat /etc/shadow'], { input: '', reject: false });

    expect(JSON.parse(stdout)).toMatchObject({ hello: 'etcd-medic-host', protocol: 1 });
  });

  it('ends at a host with another key, or an unknown one', async () => {
    expect(await failure(open({ knownHostsFile: lab.ssh.wrongKnownHostsFile }))).toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    expect(await failure(open({ knownHostsFile: '/dev/null' }))).toMatchObject({
      code: 'HOST_KEY_MISMATCH',
      message: expect.stringContaining('not in knownHostsFile') as string,
    });
  });

  it('is refused, or cannot be used, and says which', async () => {
    const other = join(dir, 'other-key');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const readable = join(dir, 'readable-key');
    await copyFile(lab.ssh.identityFile, readable);
    await chmod(readable, 0o644);

    expect(await failure(open({ identityFile: other }))).toMatchObject({ code: 'HOST_AUTH_REFUSED' });
    expect(await failure(open({ identityFile: readable }))).toMatchObject({
      code: 'HOST_AUTH_REFUSED',
      message: expect.stringContaining('others can read') as string,
    });
    expect(await failure(open({ identityFile: join(dir, 'no-key') }))).toMatchObject({ code: 'HOST_AUTH_REFUSED' });
  });

  it.each(['refuse-sudo', 'ask-sudo'] as const)('ends where sudo does not start the program: %s', async (fault) => {
    await labHost.fault(fault);

    expect(await failure(open())).toMatchObject({ code: 'HOST_SUDO_REFUSED', hint: expect.stringContaining('kit') as string });
    await labHost.fault('allow-sudo');
  });

  it('types nothing into a shell, where the key still opens one', async () => {
    const keys = '/home/etcdops/.ssh/authorized_keys';
    await labHost.exec(['sh', '-euc', `cp -a ${keys} ${keys}.kept; sed -i 's/^.*\\(ssh-ed25519 .*\\)$/\\1/' ${keys}`]);
    try {
      // Where the shell waits in silence, so does the bot, for twenty seconds.
      await expect(open().unit()).rejects.toMatchObject({ code: 'HOST_DOOR_MISSING' });
    } finally {
      await labHost.exec(['sh', '-euc', `mv ${keys}.kept ${keys}`]);
    }
  });

  it('ends at an sshd that refuses connections, or says nothing', async () => {
    await labHost.fault('refuse-ssh');
    expect(await failure(open())).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('refuses connections') as string,
    });
    await labHost.fault('answer-ssh');

    await labHost.fault('hang-ssh');
    expect(await failure(open())).toMatchObject({ code: 'HOST_UNREACHABLE' });
    await labHost.fault('answer-ssh');
  });

  it('ends at a host that is off, and is made anew when it is on again, for several looks at once too', async () => {
    const host = open();
    await host.unit();

    await labHost.fault('power-off');
    expect(await failure(open())).toMatchObject({ code: 'HOST_UNREACHABLE' });
    await labHost.fault('power-on');

    const looks = await Promise.all([host.unit(), host.has('data'), host.reach(labHost.address, 22)]);
    expect(looks).toEqual([expect.objectContaining({ user: 'etcd' }) as unknown, true, 'open']);
  });
});
