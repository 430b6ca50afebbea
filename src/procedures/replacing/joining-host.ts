/** Whether the host of a member is ready to join a cluster: tools, version, room, clocks, certificates, ports; all that is wrong at once. */
import { clocksAgree } from '../../checkup/clocks.ts';
import { minorOf } from '../../checkup/versions.ts';
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { bytesInWords, list } from '../../engine/words.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { ClusterLook } from '../../etcd/etcd.ts';
import type { HostSight } from '../../host/sight.ts';
import type { MemberName } from '../../ids.ts';
import { readyToMove } from '../host-readiness.ts';
import type { MovingData } from '../host-readiness.ts';
import type { World } from '../world.ts';
import { portsFree } from './ports.ts';
import type { Place } from './ports.ts';

/** A look at a clock counts the time until its answer was read against the host: the best of so many is believed. */
const clockLooksMax = 4;
/** What a member needs beside the database it is sent: the WAL it sets aside, and room to write. */
const freeMarginBytes = 128 * 1024 * 1024;

/** What joins, and whom. */
export interface Joining {
  readonly member: MemberName;
  /** The members that answer, without it. */
  readonly others: readonly MemberName[];
  /** Size of the database that it will be sent. */
  readonly dbSizeBytes: number;
  /** As the others run it. */
  readonly etcdVersions: ReadonlySet<string>;
  /** The cluster as it answers now. */
  readonly look: ClusterLook;
}

/** Looks at the member's host and at those of all members that answer. Throws nothing for a host that cannot be looked at: that is a reason. */
export async function hostReady({ member, others, dbSizeBytes, etcdVersions, look }: Joining, world: World): Promise<Finding> {
  const joining = placeOf(world, member);
  const rest = others.map((name) => placeOf(world, name));
  const moving: MovingData = { purposes: ['replace-member'], neededBytes: dbSizeBytes + freeMarginBytes, look };
  const [ready, looks, ports] = await Promise.all([
    readyToMove(joining.host, world, moving, ({ sight }) => fitsTheCluster(member, sight, etcdVersions)),
    Promise.all([joining, ...rest].map(async (place) => ({ place, ...(await lookAt(place)) }))),
    portsFree(joining, rest),
  ]);
  const clocks = looks.flatMap(({ place, offsetMs }) => (offsetMs === undefined ? [] : [{ place, offsetMs }]));
  return allOf([
    // One sentence for a host that cannot be reached at all: what else failed there follows from it.
    ready,
    ...looks.slice(1).map(({ finding }) => finding),
    ...(looks.every(({ finding }) => finding.holds) ? [ports] : []),
    await clocksOf(clocks),
  ]);
}

/** A configured member with its host. @throws OpsError INPUT_INVALID when config.yaml has no such member */
export function placeOf({ cluster, hosts }: Pick<World, 'cluster' | 'hosts'>, name: MemberName): Place {
  const member = cluster.members.find((each) => each.name === name);
  const host = hosts.find((each) => each.member === name);
  if (member === undefined || host === undefined)
    throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${name} in config.yaml.`);
  return { member, host };
}

/** All that is asked of the others is that they answer, and what time it is there. */
async function lookAt({ host }: Place): Promise<{ readonly finding: Finding; readonly offsetMs?: number }> {
  try {
    return { finding: holds(), offsetMs: (await host.sight()).clockOffsetMs };
  } catch (error) {
    if (isOpsError(error)) return { finding: fails(`${error.message} ${error.hint}`) };
    throw error;
  }
}

function fitsTheCluster(
  member: MemberName,
  { serverVersion = 'of an unknown version', freeBytes, configuration: { file, style }, unit }: HostSight,
  etcdVersions: Joining['etcdVersions'],
): Finding {
  if (etcdVersions.size === 0)
    return fails(
      `No member of the cluster has said its version in time, so it is not known whether etcd ${serverVersion} of ${member} fits.`,
    );
  if (![...etcdVersions].some((version) => minorOf(version) === minorOf(serverVersion)))
    return fails(
      `The host of ${member} has etcd ${serverVersion}, and the cluster runs ${list([...etcdVersions])}: install the same minor version.`,
    );
  return holds(
    `${member} is ready: etcd ${serverVersion}, unit ${unit.activeState}${unit.masked ? ' and masked' : ''}, ${bytesInWords(freeBytes)} free, settings in ${file} (${style}).`,
  );
}

interface ClockLook {
  readonly place: Place;
  readonly offsetMs: number;
}

/** What is read is the least that a clock can be off by: where clocks seem to differ, they are looked at again, and the latest reading counts. */
async function clocksOf(first: readonly ClockLook[]): Promise<Finding> {
  let looks = first;
  for (let taken = 1; ; taken += 1) {
    const finding = clocksAgree(looks.map(({ place, offsetMs }) => ({ name: place.member.name, offsetMs })));
    if (finding.holds || taken >= clockLooksMax) return finding;
    looks = await Promise.all(
      looks.map(async ({ place, offsetMs }) => {
        const again = await lookAt(place);
        return { place, offsetMs: again.offsetMs ?? offsetMs };
      }),
    );
  }
}
