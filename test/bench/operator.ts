/** The operator with a shell: scripts that type the runbook's commands, over the same ssh and as the same user as the bot. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataDir } from '../lab/sites/plain.ts';
import type { Lab } from '../lab/lab.ts';
import { run } from '../lab/run.ts';
import type { Answer } from '../lab/run.ts';

/** A script of `by-hand/`. */
export type Script = 'backup' | 'restore' | 'replace-member' | 'recover-space';

/** One script that ran. */
export interface ByHand {
  readonly from: number;
  readonly to: number;
  readonly answer: Answer;
}

/** Runs scripts; each finds its ssh connections closed, as the bot does. */
export interface Operator {
  run(script: Script, environment?: Readonly<Record<string, string>>): Promise<ByHand>;
  /** `etcdctl` of this machine, all endpoints. An exit code is an answer. */
  etcdctl(argv: readonly string[]): Promise<ByHand>;
}

const scriptLimitMs = 900_000;
const folder = fileURLToPath(new URL('by-hand/', import.meta.url));
/** An operator's own account, with a shell, may do everything. It is there while a script runs, and gone while the bot does. */
const operator = 'by-hand';
const sudoRule = '/etc/sudoers.d/zz-operator';
const allow = `
id ${operator} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash ${operator}
usermod --password '*' ${operator}
install -d -m 0700 -o ${operator} /home/${operator}/.ssh
cat > /home/${operator}/.ssh/authorized_keys
chown ${operator} /home/${operator}/.ssh/authorized_keys
umask 0227
rm -f ${sudoRule}
echo '${operator} ALL=(ALL) NOPASSWD: ALL' > ${sudoRule}
`;

/** Makes the operator of a lab. `directory` is for ssh's configuration and sockets. */
export async function createOperator(lab: Lab, directory: string): Promise<Operator> {
  const sockets = join(directory, 'operator');
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  const sshConfig = join(sockets, 'config');
  await writeFile(sshConfig, sshConfigOf(lab, sockets));
  const environment = environmentOf(lab, sshConfig);
  const closeConnections = () =>
    Promise.all(lab.hosts.map(({ name }) => run(['ssh', '-F', sshConfig, '-O', 'exit', name], { reject: false })));
  return {
    async run(script, more = {}) {
      await mayDoAll(lab, true);
      try {
        return await timed(() =>
          run(['bash', join(folder, `${script}.sh`)], { env: { ...environment, ...more }, timeoutMs: scriptLimitMs }),
        );
      } finally {
        await closeConnections();
        await mayDoAll(lab, false);
      }
    },
    etcdctl: (argv) =>
      timed(() =>
        run(
          [
            'etcdctl',
            `--endpoints=${environment['ENDPOINTS']}`,
            `--cacert=${lab.pki.ca}`,
            `--cert=${lab.pki.root.cert}`,
            `--key=${lab.pki.root.key}`,
            ...argv,
          ],
          { env: { ETCDCTL_API: '3' }, reject: false },
        ),
      ),
  };
}

async function timed(work: () => Promise<Answer>): Promise<ByHand> {
  const from = Date.now();
  const answer = await work();
  return { from, to: Date.now(), answer };
}

/** One connection for each host, kept open while the script runs: as a sensible operator has it. */
function sshConfigOf({ hosts, ssh }: Lab, sockets: string): string {
  const names = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`);
  return [
    ...names,
    'Host *',
    `  User ${operator}`,
    `  IdentityFile ${ssh.identityFile}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${ssh.knownHostsFile}`,
    '  StrictHostKeyChecking yes',
    '  BatchMode yes',
    '  LogLevel ERROR',
    '  ControlMaster auto',
    `  ControlPath ${join(sockets, '%h')}`,
    '  ControlPersist 60',
    '',
  ].join('\n');
}

function environmentOf({ hosts, pki }: Lab, sshConfig: string): Readonly<Record<string, string>> {
  return {
    SSH_CONFIG: sshConfig,
    ENDPOINTS: hosts.map(({ clientUrl }) => clientUrl).join(','),
    PKI_CA: pki.ca,
    PKI_CERT: pki.root.cert,
    PKI_KEY: pki.root.key,
    HOSTS: hosts.map(({ name }) => name).join(' '),
    DATA_DIR: dataDir,
    INITIAL_CLUSTER: hosts.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
    TOKEN: 'etcd-cluster',
  };
}

async function mayDoAll(lab: Lab, may: boolean): Promise<void> {
  const { stdout: publicKey } = await run(['ssh-keygen', '-y', '-f', lab.ssh.identityFile]);
  await Promise.all(
    lab.hosts.map(async (host) => {
      if (may) await host.exec(['sh', '-euc', allow], { input: `${publicKey}\n` });
      else await host.exec(['rm', '-f', sudoRule, `/home/${operator}/.ssh/authorized_keys`]);
    }),
  );
}

/** Removes what scripts need no more. */
export async function forget(path: string): Promise<void> {
  await rm(path, { force: true });
}
