/** Host keys that somebody vouches for: lines that the kit printed on the hosts, and never what the network says. */
import type { DraftedMember } from './draft.ts';

/** The lines for known_hosts, and the hosts that have none. */
export interface KnownHosts {
  readonly lines: readonly string[];
  readonly without: readonly string[];
}

const line =
  /(?:^|\s)((?:\[[0-9A-Fa-f:.]+\]:\d+|[A-Za-z0-9][A-Za-z0-9.:-]*)) (ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) ([A-Za-z0-9+/]{40,}={0,2})(?=\s|$)/g;

/** @param text what the kit printed, on all hosts or some: what is no host key of a member is left out */
export function knownHostsOf(text: string, members: readonly Pick<DraftedMember, 'host'>[]): KnownHosts {
  const hosts = members.map(({ host }) => host);
  const found = [...text.matchAll(line)].map(([, host = '', type = '', key = '']) => ({ host, line: `${host} ${type} ${key}` }));
  const ours = found.filter(({ host }) => hosts.includes(host.replace(/^\[(.*)\]:\d+$/, '$1')));
  return {
    lines: [...new Set(ours.map((one) => one.line))],
    without: hosts.filter((host) => !ours.some((one) => one.host.replace(/^\[(.*)\]:\d+$/, '$1') === host)),
  };
}
