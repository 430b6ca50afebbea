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

interface Begun {
  /** Whether any host has something of what comes before. */
  readonly hasBegun: () => Promise<boolean>;
  readonly assuming: () => Promise<ActsOf>;
}

/**
 * What is left to do: where nothing of what comes before is done anywhere, as if it were; from then on as the hosts themselves say.
 * Both are asked at the same moment, because in a run they have begun.
 */
export async function planFrom(hosts: readonly Host[], acts: ActsOf, { hasBegun, assuming }: Begun): Promise<readonly PlannedCommand[]> {
  const [begun, plan] = await Promise.allSettled([hasBegun(), planOn(hosts, acts)]);
  if (begun.status === 'rejected') throw begun.reason;
  if (!begun.value) return planOn(hosts, acts, await assuming());
  if (plan.status === 'rejected') throw plan.reason;
  return plan.value;
}
