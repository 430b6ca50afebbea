/** The host that ssh to the members goes through, and the packet filter that sees to it. */
import { readFile } from 'node:fs/promises';
import type { Hop } from '../../src/host/ssh-options.ts';
import type { HostFile } from './layouts.ts';
import { labPaths } from './paths.ts';
import { sshPaths } from './ssh-keys.ts';
import type { HostState, LabState } from './state.ts';

/** Who may log in there: to go on, and for nothing else. */
export const jumpUser = 'jump';

/** Of a lab that has one. */
export function bastionOf({ hosts }: Pick<LabState, 'hosts'>): HostState | undefined {
  return hosts.find(({ bastion }) => bastion === true);
}

/** As config.yaml has it; undefined where ssh goes straight to the members. */
export function proxyJump(lab: Pick<LabState, 'name' | 'hosts'>): readonly Hop[] | undefined {
  const bastion = bastionOf(lab);
  const { identityFile, knownHostsFile } = sshPaths(labPaths(lab.name).ssh);
  return bastion === undefined ? undefined : [{ host: bastion.address, user: jumpUser, identityFile, knownHostsFile }];
}

/** What lets members answer ssh from the bastion alone; everybody else hears nothing. Read by Debian's unit nftables. */
export function packetFilter({ address }: HostState): HostFile {
  return {
    path: '/etc/nftables.conf',
    text: `#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy accept;
    iif lo accept
    tcp dport 22 ip saddr != ${address} drop
  }
}
`,
  };
}

/** The line of the bot's key on the bastion: it opens nothing but a way to the members' sshd. */
export async function jumpKey(lab: LabState): Promise<{ readonly path: string; readonly user: string; readonly content: string }> {
  const key = await readFile(`${sshPaths(labPaths(lab.name).ssh).identityFile}.pub`, 'utf8');
  const ways = lab.hosts.filter((host) => host.bastion !== true).map(({ address }) => `permitopen="${address}:22"`);
  return {
    path: `/home/${jumpUser}/.ssh/authorized_keys`,
    user: jumpUser,
    content: `restrict,port-forwarding,${ways.join(',')},command="/bin/false" ${key}`,
  };
}
