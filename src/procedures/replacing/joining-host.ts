/** Whether the host of a member is ready to join a cluster: tools, version, room, clocks, certificates, ports; all that is wrong at once. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { HostFacts } from '../../host/host.ts';
import type { MemberName } from '../../ids.ts';
import { certificatesFit } from './certificates.ts';
import { portsFree } from './ports.ts';
import type { Place } from './ports.ts';
import { minorOf, refusal } from '../judging/versions.ts';
import { bytesInWords, list } from '../words.ts';
import type { World } from '../world.ts';

/** Leases, certificates and elections rest on clocks: https://etcd.io/docs/v3.5/faq/ warns at the same difference. */
export const clockDifferenceMaxMs = 1_000;
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
}

/** Looks at the member's host and at those of all members that answer. Throws nothing for a host that cannot be looked at: that is a reason. */
export async function hostReady({ member, others, dbSizeBytes, etcdVersions }: Joining, world: World): Promise<Finding> {
  const joining = placeOf(world, member);
  const rest = others.map((name) => placeOf(world, name));
  const [looks, certificates, ports] = await Promise.all([
    Promise.all([joining, ...rest].map(async (place) => ({ place, ...(await lookAt(place)) }))),
    certificatesOf(joining, world),
    portsFree(joining, rest),
  ]);
  const own = looks[0]?.facts;
  const clocks = looks.flatMap(({ place, facts }) => (facts === undefined ? [] : [{ place, offsetMs: facts.clockOffsetMs }]));
  return allOf([
    // One sentence for a host that cannot be reached at all: what else failed there follows from it.
    ...looks.map(({ finding }) => finding),
    ...(own === undefined ? [] : [certificates, fitsTheCluster(member, own, { dbSizeBytes, etcdVersions })]),
    ...(looks.every(({ facts }) => facts !== undefined) ? [ports] : []),
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

async function lookAt({ host }: Place): Promise<{ readonly finding: Finding; readonly facts?: HostFacts }> {
  try {
    return { finding: holds(), facts: await host.preflight(['replace-member']) };
  } catch (error) {
    if (isOpsError(error)) return { finding: fails(`${error.message} ${error.hint}`) };
    throw error;
  }
}

async function certificatesOf({ host, member }: Place, { clock }: Pick<World, 'clock'>): Promise<Finding> {
  try {
    return certificatesFit(await host.certificates(), member, clock.now());
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}

function fitsTheCluster(
  member: MemberName,
  facts: HostFacts,
  { dbSizeBytes, etcdVersions }: Pick<Joining, 'dbSizeBytes' | 'etcdVersions'>,
): Finding {
  const neededBytes = dbSizeBytes + freeMarginBytes;
  const { serverVersion, freeBytes } = facts;
  if (etcdVersions.size === 0)
    return fails(
      `No member of the cluster has said its version in time, so it is not known whether etcd ${serverVersion} of ${member} fits.`,
    );
  const fit = allOf([
    that(
      [...etcdVersions].some((version) => minorOf(version) === minorOf(serverVersion)),
      `The host of ${member} has etcd ${serverVersion}, and the cluster runs ${list([...etcdVersions])}: install the same minor version.`,
    ),
    that(refusal(serverVersion) === undefined, refusal(serverVersion) ?? ''),
    that(
      freeBytes >= neededBytes,
      `${member} has ${bytesInWords(freeBytes)} free beside its data-dir and needs ${bytesInWords(neededBytes)}: ${bytesInWords(neededBytes - freeBytes)} are missing.`,
    ),
  ]);
  if (!fit.holds) return fit;
  const { file, style } = facts.configuration;
  return holds(
    `${member} is ready: etcd ${serverVersion}, unit ${facts.unit.activeState}${facts.unit.masked ? ' and masked' : ''}, ${bytesInWords(freeBytes)} free, settings in ${file} (${style}).`,
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
        const { facts } = await lookAt(place);
        return { place, offsetMs: facts?.clockOffsetMs ?? offsetMs };
      }),
    );
  }
}

/**
 * No two hosts differ by more than the limit.
 * @param hosts each clock against the bot's own, which falls out of the difference
 */
export function clocksAgree(hosts: readonly { readonly name: MemberName; readonly offsetMs: number }[]): Finding {
  const byOffset = hosts.toSorted((a, b) => a.offsetMs - b.offsetMs);
  const [slowest, fastest] = [byOffset[0], byOffset.at(-1)];
  if (slowest === undefined || fastest === undefined) return holds();
  const differenceMs = fastest.offsetMs - slowest.offsetMs;
  return that(
    differenceMs <= clockDifferenceMaxMs,
    `The clocks differ: ${fastest.name} is ${(differenceMs / 1000).toFixed(1)} s ahead of ${slowest.name}, and a second is the most that is safe. Set them right (\`timedatectl\`, \`chronyc tracking\`).`,
  );
}
