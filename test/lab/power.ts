/** Switching a host on and off: systemd-nspawn boots the real systemd of its disk as PID 1. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { bastionOf } from './bastion.ts';
import { cgroupLayout, cgroupPids, joinAndExec, killPid, makeCgroups, removeCgroups } from './cgroups.ts';
import { mountPoint, mountsOf } from './disks.ts';
import { setCable } from './network.ts';
import { hostPaths, netnsName } from './paths.ts';
import { run } from './run.ts';
import { readPid } from './state.ts';
import type { HostState, LabState } from './state.ts';
import { answersTcp, waitUntil } from './wait.ts';

const bootTimeoutMs = 60_000;
const killTimeoutMs = 20_000;

/** Boots a host and waits until its sshd answers and lets users in; etcd may take longer. */
export async function powerOn(lab: LabState, host: HostState): Promise<void> {
  if ((await leaderPid(lab, host)) !== undefined) return;
  const { root, pidFile, consoleLog } = hostPaths(lab.name, host.name);
  const layout = cgroupLayout();
  const joins = await makeCgroups(lab.name, host.name);
  await setCable(host, 'up');
  const nspawn = [
    'systemd-nspawn',
    '--quiet',
    '--register=no',
    '--keep-unit',
    `--machine=${netnsName(lab.name, host.name)}`,
    `--hostname=${host.name}`,
    `--network-namespace-path=/run/netns/${host.netns}`,
    '--console=pipe',
    '--link-journal=no',
    '--resolv-conf=off',
    '--timezone=off',
    // For its packet filter.
    ...(bastionOf(lab) === undefined ? [] : ['--capability=CAP_NET_ADMIN']),
    ...mountsOf(lab).map((mount) => `--bind=${mountPoint(lab, host, mount)}:${mount.path}`),
    `--directory=${root}`,
    '--boot',
    ...layout.initArgs,
  ];
  const log = openSync(consoleLog, 'a');
  // Its own session: a Ctrl-C in the terminal is for the caller, not for the hosts.
  const child = spawn('/bin/sh', ['-c', joinAndExec, 'sh', ...joins, '--', ...nspawn], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...layout.env },
  });
  closeSync(log);
  child.unref();
  child.on('error', () => undefined);
  if (child.pid === undefined) throw new Error('/bin/sh could not be started');
  await writeFile(pidFile, `${child.pid}\n`);

  const failed = () => child.exitCode !== null || child.signalCode !== null;
  await waitUntil(async () => failed() || (await sshAnswers(lab, host)), {
    for: `sshd of ${host.name} answering`,
    withinMs: bootTimeoutMs,
  });
  await waitUntil(async () => failed() || (await letsUsersIn(lab, host)), {
    for: `${host.name} letting users in`,
    withinMs: bootTimeoutMs,
  });
  if (failed()) throw new Error(`${host.name} did not boot; its console said:\n${readFileSync(consoleLog, 'utf8').slice(-2_000)}`);
}

/** Whether its sshd says who it is: to this machine, or to itself where this machine is kept out. */
export async function sshAnswers(lab: LabState, host: HostState): Promise<boolean> {
  if (bastionOf(lab) === undefined || host.bastion === true) return await answersTcp(host.address, 22, 'SSH-');
  const leader = await leaderPid(lab, host);
  if (leader === undefined) return false;
  const script = 'exec 3<>/dev/tcp/127.0.0.1/22; head -c 4 <&3';
  const { stdout } = await run(['nsenter', '--target', `${leader}`, '--net', '--', 'timeout', '1', 'bash', '-c', script], {
    reject: false,
  });
  return stdout === 'SSH-';
}

/** Until systemd-user-sessions(8) has removed that file, which may be after sshd answers, pam_nologin(8) refuses everybody but root. */
async function letsUsersIn(lab: LabState, host: HostState): Promise<boolean> {
  const leader = await leaderPid(lab, host);
  return leader !== undefined && !existsSync(`/proc/${leader}/root/run/nologin`);
}

/** Takes a host's power away at once: nothing is stopped, nothing is told. Its disk stays as it is. */
export async function powerOff(lab: LabState, host: HostState): Promise<void> {
  // The cable first: a dead machine sends no FIN and no RST for the connections it had.
  await setCable(host, 'down').catch(() => undefined);
  await killHost(lab, host);
}

/** Kills every process of a host, PID 1 first: the kernel then kills all of its namespace, and nspawn leaves in good order. */
export async function killHost(lab: Pick<LabState, 'name'>, host: HostState): Promise<void> {
  const leader = await leaderPid(lab, host);
  if (leader !== undefined) killPid(leader);
  const patienceEndsAt = performance.now() + 2_000;
  await waitUntil(
    async () => {
      const pids = await cgroupPids(lab.name, host.name);
      if (performance.now() > patienceEndsAt) pids.forEach(killPid);
      return pids.length === 0;
    },
    { for: `the processes of ${host.name} being gone`, withinMs: killTimeoutMs, everyMs: 10 },
  );
  await removeCgroups(lab.name, host.name);
}

/** The pid, on this machine, of a host's PID 1; undefined when the host is off. A pid file alone is not believed: the pid must be in the host's cgroup. */
export async function leaderPid(lab: Pick<LabState, 'name'>, host: HostState): Promise<number | undefined> {
  const nspawn = readPid(hostPaths(lab.name, host.name).pidFile);
  if (nspawn === undefined) return undefined;
  const own = await cgroupPids(lab.name, host.name);
  if (!own.includes(nspawn)) return undefined;
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ').map(Number);
    return children.find((pid) => own.includes(pid));
  } catch {
    return undefined;
  }
}
