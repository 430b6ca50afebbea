/** The cable of each host: a veth pair, slowed down with queues of the kernel (tc(8)) or, for want of netem, a program between two tap devices. */
import { startLinks } from './links.ts';
import { linkSpeedOf } from './network-profiles.ts';
import type { LinkSpeed } from './network-profiles.ts';
import { attempt, run } from './run.ts';
import type { LabState } from './state.ts';

/** More than one piece of TCP's data, 64 kB with a header for each frame of it: tbf drops what is larger, or cuts it up. */
const burst = '96kb';
/** What a switch can hold of what comes too fast. */
const queue = '512kb';
/** Frames under way. netem begins to drop them beyond. */
const framesHeld = '20000';

/**
 * Makes them, on a bridge and for network namespaces that are there: the near end is called as the state says, the far end `host0`.
 * What is sent is held for a whole round trip's half where it begins, at a host or at this machine, and nowhere else: so any two are equally far apart.
 */
export async function layCables(lab: Pick<LabState, 'name' | 'bridge' | 'network' | 'hosts'>): Promise<void> {
  const speed = linkSpeedOf(lab.network);
  const netem = speed !== undefined && (await holdInKernel(lab.bridge, speed));
  if (speed !== undefined && !netem) await startLinks(lab, speed);
  for (const { netns, veth } of lab.hosts) {
    if (speed === undefined || netem) await run(['ip', 'link', 'add', veth, 'type', 'veth', 'peer', 'name', 'host0', 'netns', netns]);
    if (speed === undefined) continue;
    const rate = ['tbf', 'rate', `${speed.mbitPerSecond}mbit`, 'burst', burst, 'limit', queue];
    await run(['tc', 'qdisc', 'add', 'dev', veth, 'root', ...rate]);
    const sending = ['tc', '-netns', netns, 'qdisc', 'add', 'dev', 'host0'] as const;
    if (netem) await run([...sending, 'root', 'handle', '1:', ...delay(speed)]);
    await run([...sending, ...(netem ? ['parent', '1:1'] : ['root']), ...rate]);
  }
}

/** Holds what this machine sends to its hosts. `false` when the kernel has no netem, which only shows when it is asked for. */
async function holdInKernel(bridge: string, speed: LinkSpeed): Promise<boolean> {
  return await attempt(['tc', 'qdisc', 'add', 'dev', bridge, 'root', ...delay(speed)]);
}

function delay({ roundTripMs }: LinkSpeed): readonly string[] {
  return ['netem', 'delay', `${roundTripMs / 2}ms`, 'limit', framesHeld];
}
