/** The script of `etcd-medic kit` on hosts that are not as one would like them: what was there before stays usable. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readProgram } from '../../src/kit/program.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { kitOn, launcher, otherVersion } from './on-host.ts';

const upWithinMs = 300_000;
const { sha256 } = readProgram();

describe('kit', () => {
  let lab: Lab;
  let on: ReturnType<typeof kitOn>;
  beforeAll(async () => {
    lab = await createLab({ name: 'kit-refused', etcd: '3.5', members: 1 });
    on = kitOn(lab);
  }, upWithinMs);
  afterAll(async () => lab?.down());
  beforeEach(async () => {
    await on.sh('userdel -r etcdops 2>/dev/null; rm -rf /etc/etcd-medic');
    await on.kit(['--remove']);
  });

  /** What counts: files with their content, but for what a try may leave under another name. */
  const state = async () =>
    await on.sh(
      `getent passwd etcdops; cat /home/etcdops/.ssh/authorized_keys /etc/sudoers.d/etcd-medic /etc/etcd-medic/host.json ${launcher}; ls -A /etc/sudoers.d /etc/etcd-medic /usr/local/sbin`,
    );

  it.each([
    [
      'a user who is not root',
      async (text: string) => await on.sh('setpriv --reuid nobody --clear-groups sh -s', text),
      'this is for root',
    ],
    ['a script that was cut off', async (text: string) => await on.run(text.slice(0, -3)), 'Syntax error'],
    [
      'a program that arrived changed',
      async (text: string) => await on.run(text.replace(/^kit_program='.{8}/m, "kit_program='00000000")),
      'did not arrive whole',
    ],
    [
      'a host without that unit',
      async (text: string) => await on.run(text.replace("kit_unit='etcd'", "kit_unit='etcd-none'")),
      'nothing was changed',
    ],
    [
      "the bot's own machine",
      async (text: string) => await on.run(`install -d -m 700 -o nobody /var/lib/etcd-medic-host\n${text}`),
      'is this the bot',
    ],
    [
      'rules of sudo that are not read',
      async (text: string) => await on.run(`sed -i.kept s/includedir/xx/ /etc/sudoers\n${text}`),
      '#includedir',
    ],
    [
      'a Python without its library',
      async (text: string) => await on.run(`mv /usr/lib/python3.13/json /tmp/json\n${text}`),
      'has no module json',
    ],
  ])('changes nothing for %s', async (_, run, said) => {
    const before = await state();

    const refused = await run(await on.script());
    await on.sh(
      '[ ! -e /etc/sudoers.kept ] || mv /etc/sudoers.kept /etc/sudoers; [ ! -e /tmp/json ] || mv /tmp/json /usr/lib/python3.13/; rmdir /var/lib/etcd-medic-host',
    );

    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain(said);
    expect(await state()).toEqual(before);
  });

  it('leaves the rules of sudo as they are when visudo refuses the new ones', async () => {
    await on.kit();
    await on.sh(
      `sed -i 's/^Defaults/#&/' /etc/sudoers.d/etcd-medic; printf '#!/bin/sh\\nexit 1\\n' > /usr/local/sbin/visudo; chmod 755 /usr/local/sbin/visudo`,
    );
    const before = await state();

    const refused = await on.kit();

    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('visudo refuses') as string });
    expect(await state()).toEqual(before);
    await on.sh('rm /usr/local/sbin/visudo');
    expect((await on.kit()).stdout).toContain('wrote /etc/sudoers.d/etcd-medic');
  });

  it("does not widen what the host's owner narrowed, unless told to", async () => {
    await on.kit();
    await on.sh(`sed -i '/"restore"/d' /etc/etcd-medic/host.json`);

    expect((await on.kit()).stdout).toContain('allowed: look, stop-and-start, replace, fetch-database');
    expect((await on.kit(['--allow', 'restore'])).stdout).toContain('allowed: look, restore');
  });

  it('refuses a description that it cannot read, and says what to do', async () => {
    await on.kit();
    await on.sh('echo "{" > /etc/etcd-medic/host.json');

    const refused = await on.kit();

    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is no JSON') as string });
    expect((await on.sh('cat /etc/etcd-medic/host.json')).stdout).toBe('{');
  });

  it('keeps the version before an upgrade for channels that are open, and no older one', async () => {
    const versions = async () => (await on.sh('ls -A /usr/local/lib/etcd-medic-host')).stdout.split('\n').toSorted();
    const [one, two] = [otherVersion('one'), otherVersion('two')];
    const short = (hash: string) => hash.slice(0, 12);

    await on.kit();
    await on.kit([], { program: one });
    expect(await versions()).toEqual([short(sha256), short(one.sha256)].toSorted());
    expect((await on.kit([], { program: two })).stdout).toContain(short(two.sha256));
    expect(await versions()).toEqual([short(one.sha256), short(two.sha256)].toSorted());
    expect((await on.ssh([])).stdout).toContain(two.sha256);
  });

  it('puts a damaged program right', async () => {
    await on.kit();
    await on.sh('echo "raise SystemExit(1)" | tee /usr/local/lib/etcd-medic-host/*/etcd_medic_host/main.py');
    expect((await on.ssh([])).stdout).toBe('');

    expect((await on.kit()).stdout).toContain('replaced the program');

    expect((await on.ssh([])).stdout).toContain(sha256);
  });

  it('works where sudo wants a terminal of everybody else', async () => {
    await on.sh('echo "Defaults requiretty" > /etc/sudoers.d/00-site');

    const made = await on.kit();
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toContain('/etc/sudoers.d/00-site has requiretty; /etc/sudoers.d/etcd-medic lifts it for etcdops');
    await on.sh('rm /etc/sudoers.d/00-site');
    expect((await on.kit()).stdout).toContain('wrote /etc/sudoers.d/etcd-medic');
  });

  it('says what of sshd keeps the key out', async () => {
    await on.sh("printf 'AuthorizedKeysFile /etc/ssh/keys/%%u\\nAllowUsers admin\\n' > /etc/ssh/sshd_config.d/site.conf");

    const { exitCode, stderr } = await on.kit();
    await on.sh('rm /etc/ssh/sshd_config.d/site.conf');

    expect(exitCode).toBe(1);
    expect(stderr).toContain('sshd does not read ~/.ssh/authorized_keys but /etc/ssh/keys/%u');
    expect(stderr).toContain("sshd's AllowUsers does not name etcdops");
  });

  it('says when others than root may change the program, and refuses when everybody may', async () => {
    await on.sh('chgrp staff /usr/local/sbin; chmod 2775 /usr/local/sbin');
    const made = await on.kit();
    await on.sh('chmod 777 /usr/local/sbin');
    const refused = await on.kit();
    await on.sh('chgrp root /usr/local/sbin; chmod 00755 /usr/local/sbin');

    expect(made.stdout).toContain('The group staff may change /usr/local/sbin');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('everybody may change /usr/local/sbin') as string });
  });

  it('says when sshd would not trust the home of a user that was there before', async () => {
    await on.sh('useradd --system --create-home --shell /bin/sh etcdops; chmod 777 /home/etcdops');

    const { exitCode, stderr } = await on.kit();

    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('chmod go-w /home/etcdops') as string });
    expect((await on.ssh([])).stderr).toContain('Permission denied');
    await on.sh('chmod go-w /home/etcdops');
    expect((await on.kit()).exitCode).toBe(0);
    expect((await on.ssh([])).stdout).toContain(sha256);
    expect((await on.kit(['--remove'])).stdout).toContain('The user etcdops stays: it was not made by kit.');
  });

  it('refuses a user whose shell runs no command', async () => {
    await on.sh('useradd --system --shell /usr/sbin/nologin etcdops');

    expect((await on.kit()).stderr).toContain('usermod -s /bin/sh etcdops');
  });

  it("opens root's account for the program alone with --root, and says when sshd lets root not in", async () => {
    const ssh = lab.botConfig()['clusters'] as Record<string, { ssh: object }>;
    const overrides = { ssh: { ...ssh[lab.name]?.ssh, user: 'root' } };
    const shut = await on.kit(['--root'], { overrides });
    await on.sh("echo 'PermitRootLogin forced-commands-only' > /etc/ssh/sshd_config.d/00-root.conf; systemctl restart ssh");

    const open = await on.kit(['--root'], { overrides });
    const answered = await on.ssh([], ['id'], 'root');

    expect(shut.stderr).toContain('PermitRootLogin forced-commands-only is enough');
    expect(open).toMatchObject({ exitCode: 0, stderr: '' });
    expect(answered.stdout).toContain(sha256);
    expect((await on.sh('ls /etc/sudoers.d; getent passwd etcdops')).stdout).not.toContain('etcd');
    expect((await on.sh('cat /etc/etcd-medic/host.json')).stdout).toContain('"sudo": false');
    await on.kit(['--root', '--remove'], { overrides });
    await on.sh('rm /etc/ssh/sshd_config.d/00-root.conf; systemctl restart ssh');
    expect(await on.leftovers()).toBe('');
    expect((await on.sh('cat /root/.ssh/authorized_keys')).stdout).toBe('');
  });
});
