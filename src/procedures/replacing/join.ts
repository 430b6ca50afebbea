/** Lets a member into a cluster: as a learner, with the settings of one that joins, until it has caught up and votes. */
import type { PlannedCommand } from '../../engine/command.ts';
import { fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { MemberRow } from '../../etcd/etcd.ts';
import type { ChangeAct, ClusterSettings, Host } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import type { ActsOf } from '../host-plans.ts';
import { placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { hasPeerUrl } from './which-member.ts';
import { votesInWords } from '../running/members.ts';
import { lookTwice } from '../running/patience.ts';
import { durationInWords } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** A learner is sent the whole database first; how long that takes depends on its size and the network. */
const inSyncLimitMs = 15 * 60_000;
const betweenPromotionsMs = 1_000;

/** Who joins, and whom of the members it does not count with, because they are to go. */
export type JoiningMember = Pick<PreparedReplacement, 'member' | 'peerUrl' | 'removes'>;

/** The row of the member that joins: known by its peer URL, because a learner has no name until it starts. */
export async function joinedRow(prepared: JoiningMember, world: Pick<World, 'etcd' | 'hosts' | 'clock'>): Promise<MemberRow | undefined> {
  return rowIn(prepared, (await lookTwice(world)).members ?? []);
}

function rowIn({ peerUrl, removes }: JoiningMember, members: readonly MemberRow[]): MemberRow | undefined {
  return members.find((row) => hasPeerUrl(row, peerUrl) && !removes.some(({ id }) => id === row.memberId));
}

/** It is in the list. */
export async function learnerAdded(prepared: JoiningMember, world: World): Promise<Finding> {
  const row = await joinedRow(prepared, world);
  return row === undefined
    ? fails(`No member at ${prepared.peerUrl} yet.`)
    : holds(`Member ${row.memberId} at ${prepared.peerUrl}${row.isLearner ? ', a learner: it has no vote yet' : ''}.`);
}

/** The settings of a member that joins, as the members are at this moment, itself among them: https://etcd.io/docs/v3.5/op-guide/runtime-configuration/#add-a-new-member */
async function settingsOf(prepared: JoiningMember, world: World): Promise<ClusterSettings> {
  const { cluster } = world;
  const look = await lookTwice(world);
  const { members } = look;
  if (members === undefined) throw new OpsError('ETCD_NO_QUORUM', `The list of members could not be read. ${votesInWords(look)}`);
  const staying = members.filter(({ memberId }) => !prepared.removes.some(({ id }) => id === memberId));
  const own = rowIn(prepared, staying);
  const pairs = [
    ...staying.flatMap((row) => row.peerUrls.map((url) => ({ name: row === own ? prepared.member : nameIn(row, cluster.members), url }))),
    // Not added yet: only in a plan.
    ...(own === undefined ? [{ name: prepared.member, url: prepared.peerUrl }] : []),
  ];
  return { initialClusterState: 'existing', initialCluster: initialClusterLine(pairs) };
}

/**
 * In the order of the names, so that the same members make the same line. Names and URLs are the members' own words: one that holds a comma
 * would be another member on the line.
 * @throws OpsError ARGUMENT_UNSAFE
 */
export function initialClusterLine(pairs: readonly { readonly name: string; readonly url: string }[]): string {
  const strange = pairs.find(({ name, url }) => !/^[A-Za-z0-9._-]{1,63}$/.test(name) || !/^https?:\/\/[A-Za-z0-9.:[\]-]{1,255}$/.test(url));
  if (strange !== undefined) {
    const member = JSON.stringify(`${strange.name}=${strange.url}`.slice(0, 120));
    throw new OpsError('ARGUMENT_UNSAFE', `etcd lists a member that cannot stand in initial-cluster: ${member}.`, {
      hint: 'Look at the list of members by hand: one of them gives itself a name or a URL that no member has.',
    });
  }
  return pairs
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, url }) => `${name}=${url}`)
    .join(',');
}

/** etcd compares the peer URLs; of a member that never started it knows no name. */
function nameIn(row: MemberRow, configured: World['cluster']['members']): string {
  return row.name !== '' ? row.name : (configured.find(({ peerUrl }) => hasPeerUrl(row, peerUrl))?.name ?? row.memberId);
}

export async function planConfigure(prepared: JoiningMember, world: World): Promise<readonly PlannedCommand[]> {
  const settings = await settingsOf(prepared, world);
  return planOn([placeOf(world, prepared.member).host], () => [{ act: 'settings', settings }]);
}

/** Gives the difference it made. */
export async function configure(prepared: JoiningMember, world: World): Promise<string> {
  const { host } = placeOf(world, prepared.member);
  const { difference = '' } = await host.do({ act: 'settings', settings: await settingsOf(prepared, world) });
  return difference === '' ? '' : `${prepared.member}:\n${difference}`;
}

export async function configured(prepared: JoiningMember, world: World): Promise<Finding> {
  return placeOf(world, prepared.member).host.configured(await settingsOf(prepared, world));
}

/** With a data-dir first, where there is none. */
const starting = [{ act: 'make-data-dir' }, { act: 'unmask-start' }] as const satisfies readonly ChangeAct[];

/** @param before what the run does on the host before */
export function planStart(host: Host, before: ActsOf): Promise<readonly PlannedCommand[]> {
  return planOn([host], () => starting, before);
}

export async function start(host: Host): Promise<void> {
  for (const act of starting) await host.do(act);
}

/** etcd answers at the member's client URL, as the very member that was added. */
export async function startedAsLearner(prepared: JoiningMember, world: World): Promise<Finding> {
  const { member } = prepared;
  const look = await world.etcd.look();
  const row = rowIn(prepared, look.members ?? []);
  const endpoint = look.endpoints.find((each) => each.member === member);
  if (row === undefined) return fails(`There is no member at ${prepared.peerUrl}.`);
  // Without a quorum no member that starts ever gets ready: the host to look at is another one.
  const votes = look.quorum.holds ? '' : ` ${votesInWords(look)}`;
  if (endpoint === undefined || !endpoint.answers)
    return fails(`${member} does not answer yet: ${endpoint?.reason ?? 'it was not asked'}.${votes}`);
  if (endpoint.status.memberId !== row.memberId)
    return fails(`${member} answers as ${endpoint.status.memberId}, and not as ${row.memberId}, which was added.`);
  return row.name === ''
    ? fails(`${member} runs, but has not told the others its name yet.${votes}`)
    : holds(`${member} answers as ${row.memberId}.`);
}

/** As a command; the id is not known before it was added. */
export async function planPromote(prepared: JoiningMember, world: World): Promise<readonly PlannedCommand[]> {
  const row = await joinedRow(prepared, world);
  return row === undefined
    ? [{ on: 'bot', argv: ['etcdctl', 'member', 'promote', '<the id of the learner>'] }]
    : [world.etcd.commands.promote(row.memberId)];
}

/** Asks until the learner is in sync. @throws OpsError ETCD_REQUEST_FAILED when it is not within the limit */
export async function promote(prepared: JoiningMember, world: World, progress: Progress): Promise<void> {
  const { clock, etcd } = world;
  const { members, ...votes } = await lookTwice(world);
  if (members === undefined) throw new OpsError('ETCD_NO_QUORUM', `The list of members could not be read. ${votesInWords(votes)}`);
  const row = rowIn(prepared, members);
  if (row === undefined) throw new OpsError('ETCD_REQUEST_FAILED', `There is no member at ${prepared.peerUrl} to promote.`);
  const start = clock.now().getTime();
  for (;;) {
    const finding = await etcd.promote(row.memberId);
    if (finding.holds) return;
    const waitedMs = clock.now().getTime() - start;
    if (waitedMs >= inSyncLimitMs)
      throw new OpsError('ETCD_REQUEST_FAILED', `After ${durationInWords(waitedMs)} the learner is not in sync: ${finding.because}`, {
        hint: 'Look at the network and the disk of its host (journalctl -u etcd); when it has caught up, press Retry.',
      });
    progress(`${durationInWords(waitedMs)}: ${finding.because}`);
    await clock.sleep(betweenPromotionsMs);
  }
}

export async function promoted(prepared: JoiningMember, world: World): Promise<Finding> {
  const row = await joinedRow(prepared, world);
  return that(row !== undefined && !row.isLearner, `${prepared.member} has no vote yet.`);
}
