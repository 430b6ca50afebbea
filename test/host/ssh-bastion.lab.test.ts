/** The way to a host through a bastion: each of the two is held to its own key and known hosts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hop } from '../../src/host/ssh-options.ts';
import { createLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { firstOf, openHosts } from './lab-hosts.ts';

const upWithinMs = 300_000;

describe('the way through a bastion', { tags: ['long'] }, () => {
  let lab: Lab;
  let dir: string;
  beforeAll(async () => {
    lab = await createLab({ name: 's-jump', etcd: '3.5', members: 1, site: 'bastion' });
    dir = await mkdtemp(join(tmpdir(), 'em-jump-'));
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'other')]);
  }, upWithinMs);
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  async function asked(ssh: Partial<Lab['ssh']>): Promise<unknown> {
    const open = openHosts(lab, { ssh: { ...lab.ssh, ...ssh } });
    try {
      return await firstOf(open)
        .unit()
        .catch((error: unknown) => error);
    } finally {
      await open.close();
    }
  }
  const through = (change: (hop: Hop) => Partial<Hop>) => ({
    proxyJump: (lab.ssh.proxyJump ?? []).map((hop) => ({ ...hop, ...change(hop) })),
  });

  it('is the only one, and works', async () => {
    expect(await asked({})).toMatchObject({ activeState: 'active' });
    expect(await asked({ proxyJump: [] })).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('leads through the same one twice, when it is told to', async () => {
    const [hop] = lab.ssh.proxyJump ?? [];
    if (hop === undefined) throw new Error('the lab has no bastion');
    await lab
      .host('bastion01')
      .exec(['sed', '-i', `s/^restrict,/restrict,permitopen="${hop.host}:22",/`, '/home/jump/.ssh/authorized_keys']);

    expect(await asked({ proxyJump: [hop, hop] })).toMatchObject({ activeState: 'active' });
  });

  it.each([
    [
      'the bastion has another key than is known',
      () => through(() => ({ knownHostsFile: lab.ssh.wrongKnownHostsFile })),
      'HOST_KEY_MISMATCH',
    ],
    ['the bastion is not known', () => through(() => ({ knownHostsFile: '/dev/null' })), 'HOST_KEY_MISMATCH'],
    ['the bastion does not know the key', () => through(() => ({ identityFile: join(dir, 'other') })), 'HOST_AUTH_REFUSED'],
    ['the host has another key than is known', () => ({ knownHostsFile: lab.ssh.wrongKnownHostsFile }), 'HOST_KEY_MISMATCH'],
    ['the host does not know the key', () => ({ identityFile: join(dir, 'other') }), 'HOST_AUTH_REFUSED'],
  ])('ends where %s', async (_where, ssh, code) => {
    expect(await asked(ssh())).toMatchObject({
      code,
      message: expect.stringContaining(`leads through ${lab.ssh.proxyJump?.[0]?.host}`) as string,
    });
  });
});
