/** Plans of acts on hosts, in the order in which they happen: an act on every host, then the next. */
import type { PlannedCommand } from '../engine/command.ts';
import type { Host, HostAct } from '../host/host.ts';

/** The acts of a host, in their order. */
export type ActsOf = (host: Host) => readonly HostAct[];

/** Nothing is taken as done. */
export const nothing: ActsOf = () => [];

/**
 * What is left to do on these hosts: first all stops, then all renames.
 * @param assuming what earlier steps will have done, so that a plan can be shown before them
 */
export async function planOn(hosts: readonly Host[], acts: ActsOf, assuming: ActsOf = nothing): Promise<readonly PlannedCommand[]> {
  const plans = await Promise.all(hosts.map((host) => host.plan(acts(host), assuming(host))));
  const actsAtMost = Math.max(0, ...plans.map((plan) => plan.length));
  return Array.from({ length: actsAtMost }, (_, nth) => plans.flatMap((plan) => plan[nth] ?? [])).flat();
}
