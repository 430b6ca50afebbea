/** The script of `etcd-medic kit`, run by root on real hosts: what it makes, what that opens, and that it goes away again. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readProgram } from '../../src/kit/program.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { describeOnEach } from '../lab/versions.ts';
import { kitOn, launcher } from './on-host.ts';

const upWithinMs = 300_000;
const { sha256 } = readProgram();
const hello = new RegExp(`^\\{"hello": ?"etcd-medic-host".*"${sha256}"`);

// Debian 11 (Python 3.9, sudo 1.9.5) is not in the lab by a version of etcd: a lab of such a site belongs here too.
describeOnEach('kit on a host of etcd %s', (etcd) => {
  let lab: Lab;
  let on: ReturnType<typeof kitOn>;
  beforeAll(async () => {
    lab = await createLab({ name: `kit-${etcd.replace('.', '')}`, etcd, members: 1 });
    on = kitOn(lab);
  }, upWithinMs);
  afterAll(async () => lab?.down());
  beforeEach(async () => {
    // Both: the lab's own, and that of the test before.
    await on.sh('rm -f /etc/sudoers.d/etcd-medic; userdel -r etcdops 2>/dev/null; rm -rf /etc/etcd-medic');
    await on.kit(['--remove']);
  });

  it('says what it did, and the second time that nothing changed', async () => {
    const first = await on.kit();
    // By sudo, in a session of ssh: what root's own shell has in its environment then is not the program's business.
    const second = await on.sh('SUDO_USER=alice SSH_CONNECTION=x PYTHONPATH=/tmp sh -s', await on.script());

    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toContain('made the user etcdops');
    expect(first.stdout).toContain('wrote the key into ~etcdops/.ssh/authorized_keys');
    expect(first.stdout).toContain('unit etcd.service');
    expect(first.stdout).toMatch(new RegExp(`${lab.host('etcd01').address} ssh-ed25519 AAAA`));
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(second.stdout).toContain('Nothing changed.');
  });

  it('leaves files that only root can change, and a user without a password that is not locked', async () => {
    await on.kit();

    const { stdout } = await on.sh(
      `stat -c '%n %U:%G %a' ${launcher} /usr/local/lib/etcd-medic-host/*/etcd_medic_host /usr/local/lib/etcd-medic-host/*/etcd_medic_host/main.py /etc/etcd-medic /etc/etcd-medic/host.json /etc/sudoers.d/etcd-medic /var/lib/etcd-medic-host /var/log/etcd-medic-host.log /home/etcdops/.ssh /home/etcdops/.ssh/authorized_keys`,
    );
    const version = `/usr/local/lib/etcd-medic-host/${sha256.slice(0, 12)}/etcd_medic_host`;
    expect(stdout.split('\n')).toEqual([
      `${launcher} root:root 755`,
      `${version} root:root 755`,
      `${version}/main.py root:root 644`,
      '/etc/etcd-medic root:root 755',
      '/etc/etcd-medic/host.json root:root 644',
      '/etc/sudoers.d/etcd-medic root:root 440',
      '/var/lib/etcd-medic-host root:root 700',
      '/var/log/etcd-medic-host.log root:root 600',
      '/home/etcdops/.ssh etcdops:etcdops 700',
      '/home/etcdops/.ssh/authorized_keys etcdops:etcdops 600',
    ]);
    expect((await on.sh('getent shadow etcdops')).stdout).toMatch(/^etcdops:\*:/);
    expect((await on.sh('visudo -c')).exitCode).toBe(0);
  });

  it('gives a key that opens the program and nothing else', async () => {
    await on.kit();

    const opened = await on.ssh(['-v']);
    expect(opened).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(hello) as string });
    expect(opened.stderr).toMatch(/key options: command\s*$/m);
    expect((await on.ssh([], ['id'])).stdout).toMatch(hello);
    expect((await on.ssh([], ['/usr/bin/sudo', '-n', 'sh', '-c', 'id'])).stdout).toMatch(hello);
    expect((await on.ssh(['-tt'])).stderr).toContain('PTY allocation request failed');
    expect((await on.ssh(['-W', '127.0.0.1:2379'])).stderr).toContain('administratively prohibited');
    expect((await on.ssh(['-o', 'ExitOnForwardFailure=yes', '-R', '40001:127.0.0.1:22'])).exitCode).toBe(255);
    expect((await on.sftp()).exitCode).not.toBe(0);
    expect((await on.ssh(['-s'], ['sftp'])).stdout).toMatch(hello);
  });

  it('lets the user have sudo run the program without arguments as root, and nothing else', async () => {
    await on.kit();

    expect((await on.asOps(`sudo -n ${launcher} </dev/null`)).stdout).toMatch(hello);
    for (const refused of [
      `sudo -n ${launcher} describe`,
      `sudo -n ${launcher} ''`,
      `sudo -n -u etcd ${launcher}`,
      `sudo -n -g etcd ${launcher}`,
      `sudo -n -D /tmp ${launcher}`,
      `sudo -n PYTHONPATH=/tmp ${launcher}`,
      'sudo -n sh -c id',
      `sudo -n /usr/bin/python3 ${launcher}`,
      'sudo -n -e /etc/passwd',
    ])
      expect(await on.asOps(`${refused} </dev/null`), refused).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('takes the key from the named address alone', async () => {
    await on.kit(['--from', '192.0.2.7,192.0.2.64/26']);

    expect((await on.ssh([])).stderr).toContain('Permission denied');
    expect((await on.kit(['--from', '192.0.2.7/24'])).stderr).toContain('has host bits set');
    const bot = (await on.sh('cat /home/etcdops/.ssh/authorized_keys')).stdout;
    expect(bot).toMatch(/^restrict,from="192\.0\.2\.7,192\.0\.2\.64\/26",command="sudo -n \S+" ssh-ed25519 \S+ etcd-medic:prod$/);
  });

  it('keeps the keys of others and replaces its own older line, even one that opened a shell', async () => {
    await on.kit();
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN49y+ejRbWM5BovWUsrvpgsN2NYd5cAW+KzA8PBV7Z+ alice';
    await on.sh(
      `cd /home/etcdops/.ssh; { printf '# by hand\\n%s\\n' '${other}'; sed 's/^.* ssh-ed/ssh-ed/' authorized_keys; } > new; cat new > authorized_keys; rm new`,
    );
    expect((await on.ssh([], ['echo', 'a', 'shell'])).stdout).toBe('a shell');

    expect((await on.kit()).stdout).toContain('replaced the line of the key');

    const lines = (await on.sh('cat /home/etcdops/.ssh/authorized_keys')).stdout.split('\n');
    expect(lines).toEqual(['# by hand', other, expect.stringMatching(/^restrict,command=/)]);
    expect((await on.ssh([], ['echo', 'a', 'shell'])).stdout).toMatch(hello);
    const removed = await on.kit(['--remove']);
    expect(removed.stdout).toContain('The user etcdops stays: it has other keys');
    expect((await on.sh('cat /home/etcdops/.ssh/authorized_keys')).stdout).toBe(`# by hand\n${other}`);
  });

  it.each([
    ['a linked authorized_keys', 'mv authorized_keys /tmp/keys; chmod 666 /tmp/keys; ln -s /tmp/keys authorized_keys', 'cat /tmp/keys'],
    ['an authorized_keys of somebody else', 'chown root authorized_keys; echo mine > authorized_keys', 'cat authorized_keys'],
    ['a linked directory', 'cd ..; mv .ssh /tmp/ssh; ln -s /tmp/ssh .ssh; rm /tmp/ssh/authorized_keys', 'ls /tmp/ssh'],
  ])('refuses %s', async (_, spoil, look) => {
    await on.kit();
    await on.sh(`rm -rf /tmp/keys /tmp/ssh; cd /home/etcdops/.ssh; ${spoil}`);
    const before = await on.sh(`cd /home/etcdops/.ssh; ${look}`);

    const again = await on.kit(['--from', '192.0.2.7']);

    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('/home/etcdops/.ssh') as string });
    expect(await on.sh(`cd /home/etcdops/.ssh; ${look}`)).toEqual(before);
  });

  it('leaves nothing when it is taken away, and says so when there is nothing to take', async () => {
    await on.kit();

    const removed = await on.kit(['--remove']);

    expect(removed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(removed.stdout).toContain('removed the user etcdops');
    expect(await on.leftovers()).toBe('');
    expect((await on.kit(['--remove'])).stdout).toContain('Nothing changed.');
    expect((await on.sh('systemctl is-active etcd')).stdout).toBe('active');
  });

  it('takes nothing of an etcd that shares the host', async () => {
    await on.kit();
    await on.sh(
      `python3 -c "import json; p = '/etc/etcd-medic/host.json'; d = json.load(open(p)); d['etcds']['events'] = dict(d['etcds']['etcd'], unit='etcd-events.service'); json.dump(d, open(p, 'w'))"`,
    );
    await on.kit();
    const removed = await on.kit(['--remove']);

    expect(removed.stdout).toContain('The program stays: this host has other etcds under it (events).');
    expect((await on.ssh([])).stdout).toMatch(hello);
    expect((await on.sh('cat /etc/etcd-medic/host.json')).stdout).not.toContain('etcd.service');
  });
});
