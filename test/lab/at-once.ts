/** What breaks a host in the moment it is called: a callback cannot wait for a fault, and what it is to interrupt may be over by then. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cgroupPids } from './cgroups.ts';
import type { Lab, LabHost } from './lab.ts';
import { readState } from './state.ts';

type Act = () => void;

/** Finds etcd of a host, and gives what kills it. */
export async function etcdKiller(lab: Pick<Lab, 'name' | 'site'>, host: LabHost): Promise<Act> {
  const { stdout } = await host.exec(['systemctl', 'show', '--property=MainPID', '--value', lab.site.etcds[0].unit]);
  const pid = await pidHere(lab, host, stdout.trim());
  return () => {
    process.kill(pid, 'SIGKILL');
  };
}

/** Gives what does to a host what the fault `cut-network` does. */
export async function networkCutter(lab: Pick<Lab, 'name'>, host: LabHost): Promise<Act> {
  const veth = (await readState(lab.name))?.hosts.find(({ name }) => name === host.name)?.veth;
  if (veth === undefined) throw new Error(`the lab ${lab.name} has no cable of ${host.name}`);
  return () => {
    execFileSync('ip', ['link', 'set', veth, 'nomaster']);
  };
}

/** The pid on this machine of what has another one in the host's own namespace: the last of `NSpid` (proc_pid_status(5)). */
async function pidHere(lab: Pick<Lab, 'name'>, host: LabHost, pidThere: string): Promise<number> {
  for (const pid of await cgroupPids(lab.name, host.name)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const pids = /^NSpid:\s+(.+)$/m.exec(status)?.[1]?.split(/\s+/);
    if (pids?.at(-1) === pidThere) return pid;
  }
  throw new Error(`${host.name} has no process ${pidThere}`);
}
