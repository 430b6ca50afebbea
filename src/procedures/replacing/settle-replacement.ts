/** Settles what a replacement is about before it begins: who is meant, by id, and whether it may be done at all; refused with every reason at once. */
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { ClusterLook, MemberRow } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import { hostOf, portOf } from '../../checkup/place.ts';
import { hostReady, placeOf } from './joining-host.ts';
import type { Joining } from './joining-host.ts';
import type { PreparedReplacement, Removal } from '../replace-member.ts';
import { lookTwice } from '../running/patience.ts';
import { chooseSource } from '../restoring/safety-snapshot.ts';
import { answeringIds, clusterAllows, nameOf, statusesOf } from './safe-to-replace.ts';
import { hasPeerUrl, meantBy } from './which-member.ts';
import type { World } from '../world.ts';

/** The words of the command. */
export interface Asked {
  readonly member: MemberName;
  readonly alsoRemove: MemberName | undefined;
  readonly evenHealthy: boolean;
  readonly discardData: boolean;
}

/** All but where the snapshot comes from. */
type Plan = Omit<PreparedReplacement, 'source'>;

/** @throws OpsError REPLACEMENT_REFUSED with all reasons, INPUT_INVALID when it cannot be told who is meant */
export async function settle(asked: Asked, world: World): Promise<PreparedReplacement> {
  const look = await lookTwice(world);
  const { members } = look;
  const exchange = { member: asked.member, evenHealthy: asked.evenHealthy, peerUrl: placeOf(world, asked.member).member.peerUrl };
  if (members === undefined || !look.quorum.holds)
    throw refused([clusterAllows({ ...exchange, removes: [], cluster: world.cluster.name }, look)]);
  const who = await whoIsMeant(asked, members, look, world);
  const plan = { ...exchange, ...who, among: serving(look, world, who.removes, asked.member) };
  const seen = await Promise.all([
    oldHostSilent(plan, world),
    ...(asked.discardData ? [] : plan.removes.map((removal) => dataLost(removal, plan, world))),
  ]);
  const own = [clusterAllows({ ...plan, cluster: world.cluster.name }, look), alsoNamed(asked, who.removes), ...seen];
  // What stands in the way on the hosts as well, so that all of it can be put right before it is asked again.
  if (!own.every((finding) => finding.holds)) throw refused([...own, await hostReady(joiningOf(plan, look), world)]);
  const { source } = await chooseSource({ ...world, etcd: world.etcd.among(plan.among.filter((name) => name !== asked.member)) });
  return { ...plan, source };
}

/** What the look at the host wants to know: the others are those that answer at this moment and stay. */
export function joiningOf({ member, removes }: Pick<PreparedReplacement, 'member' | 'removes'>, look: ClusterLook): Joining {
  const statuses = statusesOf(look);
  const staying = look.endpoints.filter((endpoint) => endpoint.answers && !removes.some(({ id }) => id === endpoint.status.memberId));
  return {
    member,
    others: staying.map((endpoint) => endpoint.member).filter((name) => name !== member),
    dbSizeBytes: Math.max(0, ...statuses.map(({ dbSizeBytes }) => dbSizeBytes)),
    etcdVersions: new Set(statuses.map(({ version }) => version)),
    look,
  };
}

async function whoIsMeant(
  { member, alsoRemove }: Asked,
  members: readonly MemberRow[],
  look: ClusterLook,
  world: World,
): Promise<Pick<PreparedReplacement, 'removes' | 'newHost' | 'joins'>> {
  const place = placeOf(world, member);
  const { old, learner } = meantBy(members, place.member);
  const runs = learner !== undefined && answeringIds(look).has(learner.memberId);
  // A learner that runs is only to be promoted. One that has left data and does not run may have acknowledged what it has lost: away with it.
  const takesUp = learner !== undefined && (runs || (learner.name === '' && (await withoutData(world, member))));
  const stale = learner === undefined || takesUp ? [] : [learner];
  const also = alsoRemove === undefined ? [] : rowsOf(alsoRemove, members, world);
  return {
    removes: [
      ...[...(old === undefined ? [] : [old]), ...stale].map((row) => removal(member, row)),
      ...also.map((row) => removal(alsoRemove ?? member, row)),
    ],
    newHost: old !== undefined && !hasPeerUrl(old, place.member.peerUrl),
    joins: runs ? 'running-learner' : takesUp ? 'waiting-learner' : 'anew',
  };
}

function rowsOf(name: MemberName, members: readonly MemberRow[], world: World): readonly MemberRow[] {
  const { old, learner } = meantBy(members, placeOf(world, name).member);
  return [old, learner].filter((row) => row !== undefined);
}

function removal(member: MemberName, { memberId, name, peerUrls, isLearner }: MemberRow): Removal {
  return { member, id: memberId, peerUrls: [...peerUrls], isLearner, hasStarted: name !== '' };
}

/** Who is to answer at the end: those that answer now, without those that are removed, and the member itself. In the order of the configuration. */
function serving({ endpoints }: ClusterLook, { cluster }: World, removes: readonly Removal[], member: MemberName): MemberName[] {
  const up = new Set(endpoints.filter(({ answers }) => answers).map((endpoint) => endpoint.member));
  return cluster.members
    .map(({ name }) => name)
    .filter((name) => name === member || (up.has(name) && !removes.some((each) => each.member === name)));
}

function alsoNamed({ alsoRemove, member }: Asked, removes: readonly Removal[]): Finding {
  if (alsoRemove === undefined) return holds();
  if (alsoRemove === member) return fails(`--also-remove names another member than ${member} itself.`);
  return removes.some((removal) => removal.member === alsoRemove)
    ? holds()
    : fails(`${alsoRemove} is not a member any more: leave --also-remove away.`);
}

/** A voter whose unit is only stopped and whose data is there needs a start and no replacement. One that has failed was started, and could not. */
async function dataLost(removal: Removal, { newHost, member }: Plan, { hosts, cluster }: World): Promise<Finding> {
  const host = hosts.find((each) => each.member === removal.member);
  if (host === undefined || removal.isLearner || !removal.hasStarted || (newHost && removal.member === member)) return holds();
  try {
    const [unit, dir] = await Promise.all([host.unit(), host.dir('data')]);
    if (unit.activeState !== 'inactive' || !dir.exists || dir.empty) return holds();
    return fails(
      `etcd on ${removal.member} is only stopped${unit.masked ? ' and masked' : ''}, and its data is there (${dir.path}): \`start ${cluster.name} ${removal.member}\` loses nothing. To replace it all the same, add --discard-data.`,
    );
  } catch (error) {
    // Whether its host must answer is the business of the look at the host.
    if (isOpsError(error)) return holds();
    throw error;
  }
}

/** Where a new host took the name, the old one is not in the configuration; whether it still runs is seen from the others. */
export async function oldHostSilent({ removes, newHost, evenHealthy, member, among }: Plan, world: World): Promise<Finding> {
  const old = removes.find((removal) => removal.member === member);
  if (!newHost || evenHealthy || old === undefined) return holds();
  const seers = world.hosts.filter((host) => among.includes(host.member) && host.member !== member);
  const looks = seers.flatMap((host) => old.peerUrls.map(async (url) => ({ host, url, seen: await host.reach(hostOf(url), portOf(url)) })));
  const open = (await Promise.allSettled(looks)).flatMap((look) =>
    look.status === 'fulfilled' && look.value.seen === 'open' ? [look.value] : [],
  )[0];
  return open === undefined
    ? holds()
    : fails(
        `${nameOf(old)} still listens at ${open.url}, as seen from ${open.host.member}: it may be healthy. Stop etcd there, or add --healthy to replace it all the same.`,
      );
}

/** What cannot be seen counts as there. */
async function withoutData(world: World, member: MemberName): Promise<boolean> {
  const { host } = placeOf(world, member);
  try {
    const dir = await host.dir('data');
    return !dir.exists || dir.empty;
  } catch (error) {
    if (isOpsError(error)) return false;
    throw error;
  }
}

function refused(findings: readonly Finding[]): OpsError {
  const all = allOf(findings);
  return new OpsError('REPLACEMENT_REFUSED', all.holds ? '' : all.because);
}
