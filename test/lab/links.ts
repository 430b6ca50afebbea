/** Starts and ends the program that is a lab's cables where the kernel cannot make them slow (links.py). */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cgroupPids, joinAndExec, killPid, linksCgroup, makeCgroups, removeCgroups } from './cgroups.ts';
import type { LinkSpeed } from './network-profiles.ts';
import { packages } from './packages.ts';
import { labPaths } from './paths.ts';
import type { LabState } from './state.ts';
import { waitUntil } from './wait.ts';

/** Of the bridge: how the program tells what this machine sends. Locally administered, and the same in every lab. */
export const machineMac = '02:6c:61:62:00:01';

const startWithinMs = 10_000;
const endWithinMs = 10_000;
const program = fileURLToPath(new URL('links.py', import.meta.url));

/**
 * Gives each host a cable of two tap devices; resolves when all are there. The namespaces must be.
 * @throws Error with what the program said when it does not start
 */
export async function startLinks({ name, hosts }: Pick<LabState, 'name' | 'hosts'>, { roundTripMs }: LinkSpeed): Promise<void> {
  const joins = await makeCgroups(name, linksCgroup);
  const logFile = join(labPaths(name).state, 'links.log');
  const log = openSync(logFile, 'a');
  const cables = hosts.map(({ veth, netns }) => `${veth}=${netns}`);
  const argv = ['-c', joinAndExec, 'sh', ...joins, '--', packages.python3, program, machineMac, `${roundTripMs / 2}`, ...cables];
  // Its own session: a Ctrl-C in the terminal is for the caller, not for the lab.
  const child = spawn('/bin/sh', argv, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  child.on('error', () => undefined);
  const ended = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const complete = () => hosts.every(({ veth }) => existsSync(`/sys/class/net/${veth}`));
  await waitUntil(() => ended() || complete(), { for: `the links of ${name}`, withinMs: startWithinMs, everyMs: 5 });
  if (ended()) throw new Error(`the links of ${name} did not start: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
}

/** Kills the program, and with it its devices are gone. Does nothing when there is none. */
export async function stopLinks({ name }: Pick<LabState, 'name'>): Promise<void> {
  await waitUntil(
    async () => {
      const pids = await cgroupPids(name, linksCgroup);
      pids.forEach(killPid);
      return pids.length === 0;
    },
    { for: `the links of ${name} being gone`, withinMs: endWithinMs, everyMs: 5 },
  );
  await removeCgroups(name, linksCgroup);
}
