/** Puts one member's data-dir aside, so that it joins with none: refused while it is a member with it, or etcd may run on it. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { UnitState } from '../../host/host.ts';
import { placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { lookAtStaying } from './replacement-looks.ts';
import { answeringIds, nameOf, stillMembers } from './safe-to-replace.ts';
import { lookTwice } from '../running/patience.ts';
import { votesInWords } from '../running/members.ts';
import { bytesInWords, list } from '../words.ts';
import type { World } from '../world.ts';

/** Its data is of no use to the cluster any more: nobody who is a member runs on it. */
export async function dataIsSpare({ removes, member }: PreparedReplacement, world: World): Promise<Finding> {
  // The member whose data it is must not be taken for silent because it was slow.
  const look = await lookTwice(world);
  if (look.members === undefined) return fails(`The list of members could not be read. ${votesInWords(look)}`);
  const left = stillMembers(removes, look.members);
  const answering = answeringIds(look);
  const serving = look.members.filter(({ name, memberId }) => name === member && answering.has(memberId));
  return allOf([
    that(left.length === 0, `${list(left.map(nameOf))} is still a member: its data-dir stays.`),
    that(serving.length === 0, `${member} serves as ${list(serving.map(({ memberId }) => memberId))}: its data-dir stays.`),
  ]);
}

/** What the approval rests on: which directory it is, and that it is no member's. */
export async function asideFactsOf(prepared: PreparedReplacement, world: World): Promise<Facts> {
  const { member } = prepared;
  const { host } = placeOf(world, member);
  const [dir, { members }] = await Promise.all([host.dir(host.dataDir), lookAtStaying(prepared, world)]);
  return {
    [`data-dir on ${member}`]: dir.exists ? `${dir.path}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : `${dir.path} is missing`,
    members: (members ?? []).map(({ name, memberId }) => (name === '' ? memberId : `${name} (${memberId})`)).join(', '),
  };
}

/** The unit is stopped first where it is not: one that is no member any more may run all the same, or somebody has started it. */
export async function planAside(prepared: PreparedReplacement, world: World): Promise<readonly PlannedCommand[]> {
  const { host } = placeOf(world, prepared.member);
  const [unit, dir] = await Promise.all([host.unit(), host.dir(host.dataDir)]);
  return [...(isStopped(prepared, unit) ? [] : host.commands.stopAndMask(unit)), ...host.commands.putDataAside(world.runId, dir)];
}

/** Moves it, once etcd is proven not to run on it. @throws OpsError FENCE_FAILED */
export async function putAside(prepared: PreparedReplacement, world: World, approval: Approval): Promise<void> {
  const { member } = prepared;
  const { host } = placeOf(world, member);
  if (!isStopped(prepared, await host.unit())) await host.stopAndMask(approval);
  const fenced = await host.fenced();
  if (!fenced.holds) throw new OpsError('FENCE_FAILED', `The data-dir of ${member} was not touched: ${fenced.because}`);
  await host.putDataAside(world.runId, approval);
}

/** The removal of this very host's member has stopped it, and so it is. */
function isStopped({ removes, member, newHost }: PreparedReplacement, { activeState, masked }: UnitState): boolean {
  const byRemoval = !newHost && removes.some((removal) => removal.member === member);
  return byRemoval && masked && (activeState === 'inactive' || activeState === 'failed');
}

/** Nothing is left that etcd would start on. */
export async function isAside({ member }: PreparedReplacement, world: World): Promise<Finding> {
  const { host } = placeOf(world, member);
  const { aside } = host.paths(world.runId);
  const [present, old] = await Promise.all([host.dir(host.dataDir), host.dir(aside)]);
  // Between the two renames there is neither: only with the empty one in place is it done.
  if (old.exists) return that(present.exists && present.empty, `${host.dataDir} on ${member} is not empty yet.`);
  if (!present.exists || present.empty) return holds(`There is no data in ${host.dataDir} on ${member}: nothing has to be put aside.`);
  return fails(`There is data in ${host.dataDir} on ${member}.`);
}

/** The directory that was put aside, as a fact; `none` when nothing was. */
export async function keptFact({ member }: PreparedReplacement, world: World): Promise<Facts> {
  const { host } = placeOf(world, member);
  const dir = await host.dir(host.paths(world.runId).aside);
  return { [`old data on ${member}`]: dir.exists ? `${dir.path}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : 'none' };
}

/** Nothing of it is left. */
export async function keptGone({ member }: PreparedReplacement, world: World): Promise<Finding> {
  const { host } = placeOf(world, member);
  const dir = await host.dir(host.paths(world.runId).aside);
  return that(!dir.exists, `${dir.path} is still on ${member}.`);
}
