/** What a person types to carry acts out by hand: each host's own plan, as the program that acts makes it. */
import { renderCommand } from '../../engine/command.ts';
import { isOpsError } from '../../errors.ts';
import type { Host, HostAct } from '../../host/host.ts';
import type { RunId } from '../../ids.ts';
import type { ActsOf } from '../host-plans.ts';

/** Puts etcd back to work as it stands. */
export const startAgain = [{ act: 'unmask-start' }] as const satisfies readonly HostAct[];

/** Undoes what a run has moved on a host: what it moved aside goes back into its place, and etcd starts on it. */
export function goBack(run: RunId): readonly HostAct[] {
  return [...putBack(run), ...startAgain];
}

/** The same where there was no data: started with none, members of one cluster could begin an empty one together. */
export function putBack(run: RunId): readonly HostAct[] {
  return [{ act: 'fence' }, { act: 'put-back', earlier: run }];
}

/**
 * One line for each command, an act on every host before the next: members that are of one cluster start together.
 * @param runbook the page that says what to do where a host cannot be asked, e.g. `restore`
 */
export async function byHand(hosts: readonly Host[], acts: readonly HostAct[] | ActsOf, runbook: string): Promise<readonly string[]> {
  const actsOf = typeof acts === 'function' ? acts : () => acts;
  const plans = await Promise.all(hosts.map((host) => linesOf(host, actsOf(host))));
  const actsAtMost = Math.max(0, ...plans.map((plan) => ('lines' in plan ? plan.lines.length : 0)));
  const lines = Array.from({ length: actsAtMost }, (_, nth) =>
    plans.flatMap((plan) => ('lines' in plan ? (plan.lines[nth] ?? []) : [])),
  ).flat();
  const silent = plans.flatMap((plan) =>
    'because' in plan ? [`${plan.because} docs/runbooks/${runbook}.md says what is typed there.`] : [],
  );
  return [...lines, ...silent];
}

async function linesOf(
  host: Host,
  acts: readonly HostAct[],
): Promise<{ readonly lines: readonly (readonly string[])[] } | { readonly because: string }> {
  try {
    return { lines: (await host.plan(acts)).map((plan) => plan.map(renderCommand)) };
  } catch (error) {
    if (isOpsError(error)) return { because: `${host.member} does not say it: ${error.message}` };
    throw error;
  }
}
