/** The door that the bot comes in by: its key and what its user may do. The one place in the lab that knows what is installed for it. */
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execIn } from './exec.ts';
import { hostPaths, labPaths } from './paths.ts';
import { put, userOf } from './put.ts';
import { say } from './run.ts';
import { sshPaths } from './ssh-keys.ts';
import type { HostState, LabState } from './state.ts';
import { siteOf } from './urls.ts';

export const sudoersPath = '/etc/sudoers.d/etcd-medic';
const sudoersSource = fileURLToPath(new URL('../../deploy/sudoers', import.meta.url));

/** What the bot leaves on a host outside of etcd's directories; a reset removes it. */
export const doorLeavings: readonly string[] = ['/var/lib/etcd-medic', '/var/log/etcd-medic-host.log'];

/**
 * Lets the bot's user in. Called when the host's files are written and it is up, and again at each reset: then it puts back what a test changed.
 * @throws Error when the host does not take it
 */
export async function installDoor(lab: LabState, host: HostState): Promise<void> {
  const { release, ssh: access } = siteOf(lab);
  const { user, sudo } = access;
  const { root } = hostPaths(lab.name, host.name);
  const home = user === 'root' ? '/root' : `/home/${user}`;
  const owner = await userOf(root, user);
  const ssh = join(root, home, '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  await chown(ssh, owner.uid, owner.gid);
  const key = await readFile(`${sshPaths(labPaths(lab.name).ssh).identityFile}.pub`, 'utf8');
  // sshd takes a key of root's only with a command.
  const content = user === 'root' ? `restrict,command="exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"" ${key}` : key;
  await put(join(ssh, 'authorized_keys'), { content, mode: 0o600, owner });
  // sudo before 1.9.10 takes these rules for syntax errors, which would cost everybody there their sudo.
  if (!sudo || release === 'bullseye') return;
  await put(join(root, sudoersPath), { content: await sudoers(), mode: 0o440 });
  await execIn(lab, host, ['visudo', '--check', '--quiet', `--file=${sudoersPath}`]);
}

/** The rules that deploy/ ships: a test that passes proves that they are enough. */
async function sudoers(): Promise<string> {
  return existsSync(sudoersSource) ? await readFile(sudoersSource, 'utf8') : 'etcdops ALL=(ALL) NOPASSWD: ALL\n';
}

/** Once per lab, and loud: without the file the lab would prove nothing about sudo. */
export function warnOfMissingSudoers(): void {
  if (!existsSync(sudoersSource)) say('WARNING: deploy/sudoers is not there; etcdops may do EVERYTHING with sudo in this lab');
}
