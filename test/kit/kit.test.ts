/** The words of `etcd-medic kit`: what they are read as, and what is said of wrong ones. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Config } from '../../src/config/schema.ts';
import { writeKit } from '../../src/kit/index.ts';
import { exampleKit, publicKey } from './example.ts';

const member = (last: number) => ({
  host: `10.0.0.${last}`,
  clientUrl: `https://10.0.0.${last}:2379`,
  peerUrl: `https://10.0.0.${last}:2380`,
});

function kit(
  words: string,
  { user = 'etcdops', identityFile = '/nowhere/id', derive = async (): Promise<string | undefined> => publicKey } = {},
) {
  const config = Config.parse({
    backups: { directory: '/backups' },
    clusters: {
      prod: {
        channels: ['C0INCIDENT'],
        operators: ['U0ALICE'],
        approvers: ['U0BOB'],
        approvals: { required: 1, quorumLoss: 1, expiresAfter: '30m' },
        ssh: { user, identityFile, knownHostsFile: '/nowhere/known_hosts' },
        etcd: { unit: 'etcd', initialClusterToken: 'token' },
        members: { etcd01: member(31), etcd02: member(32) },
      },
    },
  });
  const { program } = exampleKit();
  return writeKit(words.split(' '), { config, derivePublicKey: derive, program });
}

describe('kit', () => {
  it('is for every host of the cluster', async () => {
    const { script, typed } = await kit('prod');

    expect(script).toContain("kit_hosts='10.0.0.31 10.0.0.32'");
    expect(script).toContain("kit_action='install'");
    expect(typed).toEqual([
      'ssh root@10.0.0.31 sh < kit.sh | tee -a kit-said.txt',
      'ssh root@10.0.0.32 sh < kit.sh | tee -a kit-said.txt',
      "grep -h ' AAAA' kit-said.txt >> /nowhere/known_hosts",
    ]);
    expect((await kit('prod --remove')).typed).toHaveLength(2);
  });

  it('says that a key without --from is good everywhere', async () => {
    expect((await kit('prod')).remarks.join()).toContain('--from');
    expect((await kit('prod --from 10.0.0.5')).remarks.join()).not.toContain('--from');
    expect((await kit('prod --remove')).remarks.join()).not.toContain('--from');
  });

  it('is for one member when it is named', async () => {
    expect((await kit('prod --member etcd02')).script).toContain("kit_hosts='10.0.0.32'");
  });

  it('always allows to look, as nothing works without', async () => {
    expect((await kit('prod --allow v2,restore')).script).toContain("kit_allow='look,restore,v2'");
    expect((await kit('prod')).script).toContain("kit_allow=''");
  });

  it('takes the public key from beside the private one, without its comment', async () => {
    const identityFile = join(mkdtempSync(join(tmpdir(), 'kit-')), 'id');
    writeFileSync(`${identityFile}.pub`, `${publicKey.replaceAll('N', 'M')} alice's key\n`);

    expect((await kit('prod', { identityFile })).script).toContain(`kit_key='${publicKey.replaceAll('N', 'M')}'`);
  });

  it.each([
    ['prot', 'INPUT_INVALID', 'Did you mean `prod`?'],
    ['prod --member etcd03', 'INPUT_INVALID', 'prod has no member `etcd03`'],
    ['prod --allow everything', 'INPUT_INVALID', 'There is no group `everything`.'],
    ['prod --root', 'INPUT_INVALID', 'With --root the bot logs in as root'],
    ['prod --from bot.example', 'ARGUMENT_UNSAFE', 'an address or a network'],
    ['prod --form 10.0.0.5', 'INPUT_INVALID', '`--from`'],
  ])('says of `%s` what is wrong', async (words, code, message) => {
    await expect(kit(words)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('wants --root said where the bot logs in as root', async () => {
    await expect(kit('prod', { user: 'root' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await kit('prod --root', { user: 'root' })).script).toContain("kit_root='yes'");
  });

  it('says how to make a key when there is none', async () => {
    await expect(kit('prod', { derive: async () => undefined })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('ssh-keygen') as string,
    });
  });

  it('prints how the keys that the hosts showed get into knownHostsFile, whatever else was said', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'etcd-medic-kit-'));
    const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIIbY1g0480UWJ5aSO9H1+S7jp0AFJEFowvIvkK+++0m3';
    await writeFile(
      join(folder, 'kit-said.txt'),
      ['31', '32']
        .map((last) => `Found:\n  data-dir /AAAA\nFor knownHostsFile on the bot's machine:\n  10.0.0.${last} ssh-ed25519 ${key}\n`)
        .join(''),
    );
    const { typed } = await kit('prod');

    execFileSync('sh', ['-euc', typed.at(-1)?.replace('/nowhere', folder) ?? ''], { cwd: folder });

    for (const last of ['31', '32'])
      expect(execFileSync('ssh-keygen', ['-F', `10.0.0.${last}`, '-f', join(folder, 'known_hosts')], { encoding: 'utf8' })).toContain(key);
    expect(await readFile(join(folder, 'known_hosts'), 'utf8')).not.toContain('data-dir');
    await rm(folder, { recursive: true });
  });
});
