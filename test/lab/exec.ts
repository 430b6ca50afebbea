/** Running a command inside a host as root, past its sshd and its network: the lab's own way in. */
import { leaderPid } from './power.ts';
import { run } from './run.ts';
import type { Answer, RunOptions } from './run.ts';
import type { HostState, LabState } from './state.ts';

const hostEnv = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8', 'SYSTEMD_PAGER='];

/**
 * @param argv the command, without a shell
 * @throws Error when the host is off, or the command fails and `reject` is not false
 */
export async function execIn(lab: LabState, host: HostState, argv: readonly string[], options: RunOptions = {}): Promise<Answer> {
  const pid = await leaderPid(lab, host);
  if (pid === undefined) throw new Error(`${host.name} is off`);
  return await run(
    ['nsenter', '--target', `${pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--', 'env', '-i', ...hostEnv, ...argv],
    options,
  );
}
