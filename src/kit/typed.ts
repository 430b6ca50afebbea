/** What a person types to have the kit run on the hosts, and to take over what it says there. */

const said = 'kit-said.txt';

/** Root on each host runs the script that is in `kit.sh`. */
export function onHosts(hosts: readonly string[]): readonly string[] {
  return hosts.map((host) => `ssh root@${host} sh < kit.sh | tee -a ${said}`);
}

/** The hosts' keys, as root on each host printed them: every ssh key is a word that begins so (RFC 4253, 6.6: the length of its type). */
export function keysInto(knownHostsFile: string): string {
  return `grep -h ' AAAA' ${said} >> ${knownHostsFile}`;
}
