/** Running the kit on a lab's host and using what it makes, as its owner and as whoever has the key. */
import { execa } from 'execa';
import { derivePublicKey } from '../../src/host/public-key.ts';
import { writeKit } from '../../src/kit/index.ts';
import { programSha256, readProgram } from '../../src/kit/program.ts';
import type { Program } from '../../src/kit/program.ts';
import { Config } from '../../src/config/schema.ts';
import type { Answer, Lab } from '../lab/lab.ts';

export const launcher = '/usr/local/sbin/etcd-medic-host';

/** The host of the lab's only member, and the kit for it. */
export function kitOn(lab: Lab) {
  const host = lab.host('etcd01');
  const script = async (words: readonly string[] = [], { overrides = {}, program }: { overrides?: object; program?: Program } = {}) => {
    const config = Config.parse(lab.botConfig({ cluster: 'prod', overrides: { ...overrides } }));
    return (await writeKit(['prod', ...words], { config, derivePublicKey, ...(program && { program }) })).script;
  };
  const run = async (text: string): Promise<Answer> => await host.exec(['sh', '-s'], { input: text, reject: false });
  return {
    script,
    run,
    /** The script as it is printed, given to a shell of root. */
    kit: async (...given: Parameters<typeof script>) => await run(await script(...given)),
    sh: async (text: string, input = '') => await host.exec(['sh', '-c', text], { input, reject: false }),
    asOps: async (text: string) =>
      await host.exec(['setpriv', '--reuid', 'etcdops', '--regid', 'etcdops', '--clear-groups', 'sh', '-c', text], { reject: false }),
    /** With the bot's key, and whatever else ssh is to be asked for. */
    ssh: async (options: readonly string[], command: readonly string[] = [], user = 'etcdops') =>
      await execa('ssh', ['-F', 'none', '-i', lab.ssh.identityFile, ...common(lab), ...options, `${user}@${host.address}`, ...command], {
        reject: false,
        timeout: 20_000,
        input: '',
      }),
    sftp: async () =>
      await execa('sftp', ['-F', 'none', '-i', lab.ssh.identityFile, ...common(lab), `etcdops@${host.address}`], {
        reject: false,
        timeout: 20_000,
        input: 'ls /\n',
      }),
    /** Everything that may be left of it. */
    leftovers: async () =>
      (
        await host.exec([
          'sh',
          '-c',
          `find /etc /usr/local /var/lib /var/log /var/mail /home /root -name '*etcd-medic*' -o -name '*etcdops*' -o -name '.host.json*'
           grep -lE 'etcdops|etcd-medic' /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/sudoers /etc/sudoers.d/* || true`,
        ])
      ).stdout,
  };
}

function common(lab: Lab): readonly string[] {
  const options = ['BatchMode=yes', 'ConnectTimeout=5', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes'];
  return [...options, `UserKnownHostsFile=${lab.ssh.knownHostsFile}`].flatMap((option) => ['-o', option]);
}

/** The program as another version of itself. */
export function otherVersion(text: string): Program {
  const modules = [...readProgram().modules, { name: 'zz_version.py', content: `# ${text}\n` }];
  return { modules, sha256: programSha256(modules) };
}
