/** How a TCP port of another host looks from a host, with nothing but what Debian always has. */
import { OpsError } from '../errors.ts';
import { accepting, look } from './command.ts';
import type { HostCommand } from './command.ts';
import { unknownOutput } from './failures.ts';
import type { Reach } from './host.ts';
import * as limits from './limits.ts';
import type { Shell } from './shell.ts';

/** Address and port are arguments of a constant script (bash(1), REDIRECTION: /dev/tcp/host/port). */
const connectScript = 'exec 3<>"/dev/tcp/$1/$2"';

/** timeout(1) says 124 when it had to end it, and 126 or 127 when there is no bash to start. */
export function reachCommand(address: string, port: number): HostCommand {
  const seconds = String(limits.reachTimeoutMs / 1_000);
  return accepting(look('timeout', seconds, 'bash', '-c', connectScript, 'reach', address, String(port)), 0, 1, 124, 126, 127);
}

/** @throws OpsError ARGUMENT_UNSAFE, or HOST_* when the host cannot be asked or has no bash: then nothing is known of the port */
export async function reach(shell: Shell, address: string, port: number): Promise<Reach> {
  // The same form as in config.yaml; a slash would be another part of bash's path.
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/.test(address) && !/^::[0-9A-Fa-f:.]{0,43}$/.test(address)) {
    throw new OpsError('ARGUMENT_UNSAFE', `${JSON.stringify(address.slice(0, 80))} is no host name and no address.`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new OpsError('ARGUMENT_UNSAFE', `${port} is no TCP port.`);
  const { exitCode, stderr } = await shell.run(reachCommand(address, port), { limitMs: limits.lookLimitMs });
  if (exitCode === 0) return 'open';
  if (exitCode === 124) return 'no-answer';
  if (exitCode === 126 || exitCode === 127) {
    throw new OpsError('HOST_TOOL_MISSING', `${shell.where} has no bash, with which a port of another host is tried.`, {
      hint: 'Install bash on the host, or try the port by hand.',
    });
  }
  if (/Connection refused/.test(stderr)) return 'refused';
  if (/timed out/i.test(stderr)) return 'no-answer';
  // What bash says when it was built without network redirections: no word about the port at all.
  if (/\/dev\/tcp\/.*No such file or directory/.test(stderr)) throw unknownOutput(shell.where, 'bash', stderr);
  return 'unreachable';
}
