/** The script of `etcd-medic kit` on hosts of other sites: an older Debian, root without sudo, two etcds of two clusters on one host. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProgram } from '../../src/kit/program.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { installDoor } from '../lab/door.ts';
import { readState } from '../lab/state.ts';
import { kitOn, launcher } from './on-host.ts';

const upWithinMs = 300_000;
const { sha256 } = readProgram();

describe.each([
  ['old-sudo', 'etcdops', 'restrict,command="sudo -n'],
  ['root-ssh', 'root', 'restrict,command="/usr'],
  ['two', 'etcdops', 'restrict,command="sudo -n'],
] as const)('kit at the site %s', (site, user, line) => {
  let lab: Lab;
  let on: ReturnType<typeof kitOn>;
  beforeAll(async () => {
    lab = await createLab({ name: `kit-${site}`, etcd: '3.5', members: 1, site });
    on = kitOn(lab);
  }, upWithinMs);
  afterAll(async () => lab?.down());

  it('gives a key that opens the program and nothing else', async () => {
    const opened = await on.ssh(['-v'], ['id'], user);
    const home = user === 'root' ? '/root' : `/home/${user}`;

    expect(opened.stdout).toContain(sha256);
    expect(opened.stdout).not.toContain('uid=');
    expect(opened.stderr).toMatch(/key options: command\s*$/m);
    expect((await on.sh(`cat ${home}/.ssh/authorized_keys`)).stdout).toMatch(new RegExp(`^${line}`));
  });

  it('lets sudo run the program without arguments alone, where there is sudo', async () => {
    if (user === 'root') return;

    expect((await on.asOps(`sudo -n ${launcher} </dev/null`)).stdout).toContain(sha256);
    expect(await on.asOps(`sudo -n ${launcher} describe </dev/null`)).toMatchObject({ exitCode: 1, stdout: '' });
    expect((await on.sh('visudo -c')).exitCode).toBe(0);
  });

  it('leaves the line of a key that two clusters share', async () => {
    expect((await on.kit(user === 'root' ? ['--root'] : [])).stdout).toContain('Nothing changed.');
  });

  it('finds every etcd of the host, and changes nothing when it looks again', async () => {
    const state = await readState(lab.name);
    const host = state?.hosts[0];
    if (state === undefined || host === undefined) throw new Error('the lab is not there');
    const before = await on.sh('cat /etc/etcd-medic/host.json');
    await on.sh('chmod 0700 /var/log/etcd-medic-host.log');

    await installDoor(state, host);

    expect(Object.keys((JSON.parse(before.stdout) as { etcds: object }).etcds)).toHaveLength(site === 'two' ? 2 : 1);
    expect(await on.sh('cat /etc/etcd-medic/host.json')).toEqual(before);
  });
});
