/** Whether the bot sees etcd's ports as they are: a run must see them closed before it moves data, and silence proves nothing. */
import type { UnitState } from '../host/host.ts';
import type { PortLook } from '../host/ports.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { hostOf, portOf } from './place.ts';
import type { Place } from './place.ts';

/** How both look from the bot. */
export interface PortsSeen {
  readonly client: PortLook;
  readonly peer: PortLook;
}

/**
 * The host has just answered over ssh, so it is up: a port of it that gives no answer is swallowed on the way, whether etcd runs or not, and
 * could never be seen closed. That etcd is down is no reason to refuse anything: its ports refuse then, as they should.
 */
export function portChecks({ name, clientUrl, peerUrl }: Omit<Place, 'host'>, seen: PortsSeen, unit: UnitState): readonly Check[] {
  const isDown = (unit.activeState === 'inactive' || unit.activeState === 'failed') && unit.mainPid === 0;
  return (['client', 'peer'] as const).map((which) => {
    const url = which === 'client' ? clientUrl : peerUrl;
    return portCheck(name, which, `${hostOf(url)}:${portOf(url)}`, seen[which], isDown);
  });
}

function portCheck(name: string, which: 'client' | 'peer', address: string, seen: PortLook, isDown: boolean): Check {
  const { good, wrong, worthALook } = saying(name);
  const port = `The ${which} port ${address}`;
  switch (seen) {
    case 'no-answer':
    case 'unreachable':
      return wrong(
        'ports',
        `${port} ${seen === 'no-answer' ? 'gives no answer from the bot, though the host is up: something drops what is sent' : 'cannot be reached from the bot, though the host is up'}. It could never be seen closed, so nothing would be moved there.`,
        `Let the machine of the bot through to ${address} (host firewall, security group).`,
        'FENCE_FAILED',
      );
    case 'open':
      return isDown
        ? wrong(
            'ports',
            `${port} is open although etcd's unit is down: something else listens there.`,
            `On the host, \`ss -ltnp\` shows what listens at ${address}: stop it.`,
            'FENCE_FAILED',
          )
        : good('ports', `${port} is open.`);
    case 'refused':
      return isDown
        ? good('ports', `${port} is closed, as etcd is down.`)
        : worthALook(
            'ports',
            `${port} is closed although etcd runs.`,
            'See whether it is still starting, and what it listens on (`ss -ltnp`).',
          );
  }
}
