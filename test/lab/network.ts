/** The lab's network: one bridge, a network namespace and a cable per host, and nothing that leads out. */
import { readdir } from 'node:fs/promises';
import { layCables } from './cables.ts';
import { machineMac } from './links.ts';
import { withLock } from './lock.ts';
import { addressIn, freeRange, freeRange6 } from './ranges.ts';
import { attempt, run } from './run.ts';
import type { HostState, LabState } from './state.ts';

type Network = Pick<LabState, 'name' | 'bridge' | 'range' | 'range6' | 'network' | 'hosts'>;

/** What a lab is to be told before anything is made. */
export interface Ranges {
  readonly range: string;
  readonly range6?: string;
}

// Held while namespaces come and go, so that /run/netns is not unmounted under a lab that is being made.
const lock = ['network', { withinMs: 60_000 }] as const;

/**
 * Takes a free range by making the bridge in it: the bridge is what marks the range as taken.
 * @param ipv6 of which bridge there is to be an IPv6 range too
 * @param plan is told the range before anything is made, writes it down for whoever cleans up, and says what to make
 * @throws Error when the range asked for, or every test range, is in use
 */
export async function makeNetwork<T extends Network>(
  asked: string | undefined,
  ipv6: string | undefined,
  plan: (ranges: Ranges) => Promise<T>,
): Promise<T> {
  return await withLock(...lock, async () => {
    const network = await plan({ range: await freeRange(asked), ...(ipv6 !== undefined && { range6: await freeRange6(ipv6) }) });
    const { range, bridge, hosts } = network;
    // Below the bridge's own route and there before it: when the bridge is down or gone, packets to the range still end here.
    await run(['ip', 'route', 'add', 'blackhole', range, 'metric', '4096']);
    await run(['ip', 'link', 'add', bridge, 'address', machineMac, 'type', 'bridge', 'stp_state', '0']);
    await run(['ip', 'address', 'add', `${addressIn(range, 1)}/24`, 'dev', bridge]);
    if (network.range6 !== undefined) await addRange6(bridge, network.range6);
    await run(['ip', 'link', 'set', bridge, 'up']);
    for (const { netns } of hosts) await run(['ip', 'netns', 'add', netns]);
    await layCables(network);
    for (const host of hosts) await plug(bridge, host);
    return network;
  });
}

/** Beside the other, for whose sake the bridge is found taken. Nobody can have the address: nothing is to wait for that being proved. */
async function addRange6(bridge: string, range: string): Promise<void> {
  await run(['ip', '-6', 'route', 'add', 'blackhole', range, 'metric', '4096']);
  await run(['ip', 'address', 'add', `${addressIn(range, 1)}/64`, 'dev', bridge, 'nodad']);
}

/** No default route is added in the namespace: a host knows only the lab's own range. */
async function plug(bridge: string, { netns, veth, address }: HostState): Promise<void> {
  const own = address.includes(':') ? `${address}/64 dev host0 nodad` : `${address}/24 dev host0`;
  await run(['ip', '-netns', netns, '-batch', '-'], { input: `link set lo up\naddress add ${own}\nlink set host0 up\n` });
  await run(['ip', 'link', 'set', veth, 'master', bridge, 'up']);
}

/** The cable of a host's network card: pulled while the host has no power. */
export async function setCable({ veth }: HostState, position: 'up' | 'down'): Promise<void> {
  await run(['ip', 'link', 'set', veth, position]);
}

/** Takes the host's port out of the bridge: the host sees its link up and nobody answering, as behind a broken switch. */
export async function cutNetwork({ veth }: HostState): Promise<void> {
  await run(['ip', 'link', 'set', veth, 'nomaster']);
}

export async function restoreNetwork({ bridge }: Pick<Network, 'bridge'>, { veth }: HostState): Promise<void> {
  await run(['ip', 'link', 'set', veth, 'master', bridge]);
}

/** Removes all of it, however much of it there is. */
export async function removeNetwork({ bridge, range, range6, hosts }: Network): Promise<void> {
  await withLock(...lock, async () => {
    for (const { veth, netns } of hosts) {
      await attempt(['ip', 'link', 'delete', veth]);
      await attempt(['ip', 'netns', 'delete', netns]);
    }
    await attempt(['ip', 'link', 'delete', bridge]);
    await attempt(['ip', 'route', 'delete', 'blackhole', range, 'metric', '4096']);
    if (range6 !== undefined) await attempt(['ip', '-6', 'route', 'delete', 'blackhole', range6, 'metric', '4096']);
    // `ip netns add` mounts /run/netns on itself and never undoes it.
    const others = await readdir('/run/netns').catch(() => ['unreadable']);
    if (others.length === 0) await attempt(['umount', '/run/netns']);
  });
}
