/** Whether a member and the others reach each other's ports: looked at from each host, because what the bot sees says nothing of it. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host, Reach } from '../../host/host.ts';
import { hostOf, portOf } from '../../checkup/place.ts';
import type { ConfiguredMember } from '../world.ts';

/** A member with its host. */
export interface Place {
  readonly member: ConfiguredMember;
  readonly host: Host;
}

/**
 * The new member must reach every other's peer port, which is open; the others its peer and client port, where `refused` is the host's own
 * word that the way is free: https://etcd.io/docs/v3.5/op-guide/clustering/#error-cases
 */
export async function portsFree(joining: Place, others: readonly Place[]): Promise<Finding> {
  const outward = others.map((other) => way(joining, other, 'peer', ['open']));
  const inward = others.flatMap((other) => (['peer', 'client'] as const).map((which) => way(other, joining, which, ['open', 'refused'])));
  return allOf(await Promise.all([...outward, ...inward]));
}

const inWords: Readonly<Record<Reach, string>> = {
  open: 'is open',
  refused: 'refuses connections',
  'no-answer': 'gives no answer: something on the way drops what is sent (a firewall, a security group)',
  unreachable: 'cannot be reached: there is no route',
};

async function way(from: Place, to: Place, which: 'peer' | 'client', wanted: readonly Reach[]): Promise<Finding> {
  const url = which === 'peer' ? to.member.peerUrl : to.member.clientUrl;
  const [address, port] = [hostOf(url), portOf(url)];
  try {
    const seen = await from.host.reach(address, port);
    if (wanted.includes(seen)) return holds();
    return fails(`Seen from ${from.member.name}, the ${which} port of ${to.member.name} (${address}:${port}) ${inWords[seen]}.`);
  } catch (error) {
    if (isOpsError(error))
      return fails(`Whether ${from.member.name} reaches ${address}:${port} of ${to.member.name} could not be seen: ${error.message}`);
    throw error;
  }
}
