/** Takes a lab down, however far it was up and whoever made it. */
import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeCgroups } from './cgroups.ts';
import { removeDisks } from './disks.ts';
import { stopLinks } from './links.ts';
import { withLock } from './lock.ts';
import { removeNetwork } from './network.ts';
import { labPaths } from './paths.ts';
import { killHost } from './power.ts';
import { knownLabs, readState } from './state.ts';
import type { LabState } from './state.ts';

/** Held while a lab of that name is made or taken down. */
export async function withLabLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  return await withLock(`lab/${name}`, { withinMs: 15 * 60_000 }, task);
}

/**
 * Removes everything of a lab. To be called under its lock.
 * Each part is tried even when another fails; what failed is thrown at the end, and the state stays so that it can be tried again.
 */
export async function tearDown(state: LabState): Promise<void> {
  const { state: dir, disks } = labPaths(state.name);
  const killed = await Promise.allSettled(state.hosts.map(async (host) => await killHost(state, host)));
  const rest = [];
  for (const remove of [
    async () => await stopLinks(state),
    async () => await removeNetwork(state),
    async () => await removeDisks(state.name),
    async () => await removeCgroups(state.name),
  ]) {
    rest.push(...(await Promise.allSettled([remove()])));
  }
  const failures = [...killed, ...rest].flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures, `the lab ${state.name} is not all gone: ${failures.map(String).join('; ')}`);
  await rm(dir, { recursive: true, force: true });
  // The last lab takes the parents along; rmdir refuses while there is another.
  for (const parent of [dirname(dir), dirname(disks)]) await rmdir(parent).catch(() => undefined);
}

/** Takes down the lab of that name; without one it does nothing. With an `id`, only that very lab and no later one of the same name. */
export async function down(name: string, id?: string): Promise<boolean> {
  return await withLabLock(name, async () => {
    const state = await readState(name);
    if (state === undefined || (id !== undefined && state.id !== id)) return false;
    await tearDown(state);
    return true;
  });
}

/** Whether someone can be using a lab: its owner lives or, for one made from the command line, it came up and this machine has not been restarted since. */
export function isAlive({ ownerPid, ready, bridge }: LabState): boolean {
  return ownerPid === undefined ? ready && existsSync(`/sys/class/net/${bridge}`) : existsSync(`/proc/${ownerPid}`);
}

/** Takes down every lab whose owner is dead, of whatever name: it would hold its range for ever. */
export async function downDeadLabs(): Promise<void> {
  for (const name of knownLabs()) {
    const dead = async () => {
      const state = await readState(name);
      return state?.ownerPid !== undefined && !isAlive(state) ? state : undefined;
    };
    if ((await dead()) === undefined) continue;
    await withLabLock(name, async () => {
      const state = await dead();
      if (state !== undefined) await tearDown(state);
    });
  }
}
