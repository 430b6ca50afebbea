/** Whether anything listens on a TCP port, as seen from the bot. */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `refused` is the host's own word that nothing listens; silence is no proof of anything. */
export type PortLook = 'open' | 'refused' | 'no-answer' | 'unreachable';

/** Tries to connect. Never throws. */
export async function lookAtPort(host: string, port: number, timeoutMs: number): Promise<PortLook> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: PortLook) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end('no-answer'));
    socket.once('connect', () => end('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') end('refused');
      else end(error.code === 'ETIMEDOUT' ? 'no-answer' : 'unreachable');
    });
  });
}

/**
 * As `lookAtPort`, for a host that is configured at `address`. Members may call each other by names that only their hosts know (/etc/hosts): such a
 * name is the same host, and without this no member of such a cluster could ever be seen closed.
 */
export function portsOf(address: string, look = lookAtPort): typeof lookAtPort {
  return async (host, port, timeoutMs) => {
    const found = lookup(host).then(
      () => true,
      () => false,
    );
    const isKnown = await Promise.race([found, sleep(timeoutMs, false, { ref: false })]);
    return await look(isKnown ? host : address, port, timeoutMs);
  };
}
