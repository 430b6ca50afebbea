/** Asks hosts for all that a run will need of them, before any gate; what that means is judged in src/checkup, the same for `doctor`. */
import { findingOf, inCluster } from '../checkup/check.ts';
import { readyToMoveData, readyToStart, readyToStop } from '../checkup/host.ts';
import type { HostSeen } from '../checkup/host.ts';
import { allOf, fails } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { OpsError, isOpsError } from '../errors.ts';
import type { ClusterLook } from '../etcd/etcd.ts';
import type { Host, Purpose } from '../host/host.ts';
import type { World } from './world.ts';

/** What a run is about to do there. */
export interface MovingData {
  readonly purposes: readonly Purpose[];
  /** Free room beside the data. */
  readonly neededBytes: number;
  /** The cluster as it answers now; what does not answer is no reason to refuse anything. */
  readonly look: ClusterLook;
}

/** Whether data can be moved on this host. Throws nothing for a host that cannot be asked: that is a reason. @param further what else is asked of what was seen */
export async function readyToMove(
  host: Host,
  { cluster, clock }: Pick<World, 'cluster' | 'clock'>,
  moving: MovingData,
  further: (seen: HostSeen) => Finding,
): Promise<Finding> {
  const place = cluster.members.find(({ name }) => name === host.member);
  if (place === undefined) return fails(`${cluster.name} has no member ${host.member} in config.yaml.`);
  const seen = await seeHost(host);
  if ('because' in seen) return seen;
  const ready = findingOf(inCluster(cluster.name, readyToMoveData(place, seen, { ...moving, now: clock.now() })));
  const more = further(seen);
  // What is ready is said first, and then what is worth a word.
  return ready.holds ? allOf([more, ready]) : allOf([ready, more]);
}

/** A host with its ports; the reason when it cannot be asked. */
export async function seeHost(host: Host): Promise<HostSeen | Extract<Finding, { holds: false }>> {
  try {
    const [sight, ports] = await Promise.all([host.sight(), host.ports()]);
    return { sight, ports };
  } catch (error) {
    if (isOpsError(error)) return { holds: false, because: `${error.message} ${error.hint}` };
    throw error;
  }
}

/**
 * What keeps these hosts from being started, stopped or both, as an error; those that do not answer are left to whoever acts on them.
 * @throws OpsError GUARD_REFUSED
 */
export async function demandReadyTo(act: 'start' | 'stop', hosts: readonly Host[], { cluster }: Pick<World, 'cluster'>): Promise<void> {
  const judge = act === 'start' ? readyToStart : readyToStop;
  const findings = await Promise.all(
    hosts.map(async (host) => {
      const seen = await seeHost(host);
      return 'because' in seen ? [] : [findingOf(inCluster(cluster.name, judge(host.member, seen.sight)))];
    }),
  );
  const finding = allOf(findings.flat());
  if (!finding.holds)
    throw new OpsError('GUARD_REFUSED', finding.because, { hint: 'Nothing was done. Put right what is named, then ask again.' });
}
