/** Whether anything listens on a TCP port, as seen from the bot. */
import { connect } from 'node:net';

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
