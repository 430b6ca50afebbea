/** Puts one member's data-dir aside, so that it joins with none: refused while it is a member with it, or etcd may run on it. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { DestroyAct } from '../../host/host.ts';
import { nothing, planOn } from '../host-plans.ts';
import type { ActsOf } from '../host-plans.ts';
import { whereInWords } from '../restoring/data-dir-fact.ts';
import { fence } from '../restoring/fence-all.ts';
import { placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { lookAtStaying } from './replacement-looks.ts';
import { answeringIds, nameOf, stillMembers } from './safe-to-replace.ts';
import { lookTwice } from '../running/patience.ts';
import { votesInWords } from '../running/members.ts';
import { bytesInWords, list } from '../../engine/words.ts';
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
  const [dir, { members }] = await Promise.all([host.dir('data'), lookAtStaying(prepared, world)]);
  return {
    [`data-dir on ${member}`]: dir.exists ? `${dir.path}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : `${dir.path} is missing`,
    members: (members ?? []).map(({ name, memberId }) => (name === '' ? memberId : `${name} (${memberId})`)).join(', '),
  };
}

const putAsideAct = { act: 'put-aside' } as const satisfies DestroyAct;
const deleteAct = { act: 'delete-aside' } as const satisfies DestroyAct;

/** Whether the removal of its member has stopped this very host. */
function isStoppedByRemoval({ removes, member, newHost }: PreparedReplacement): boolean {
  return !newHost && removes.some((removal) => removal.member === member);
}

/** The unit is stopped first where it is not: one that is no member any more may run all the same, or somebody has started it. */
export async function planAside(prepared: PreparedReplacement, world: World): Promise<readonly PlannedCommand[]> {
  const { host } = placeOf(world, prepared.member);
  return planOn([host], () => [fence, putAsideAct], await removalToCome(prepared, world));
}

/** In a plan that is shown before the removal, which stops the unit. Later it may have been started again: then the host says so. */
async function removalToCome(prepared: PreparedReplacement, world: World): Promise<ActsOf> {
  if (!isStoppedByRemoval(prepared)) return nothing;
  const { members } = await lookTwice(world);
  return members === undefined || stillMembers(prepared.removes, members).length > 0 ? () => [fence] : nothing;
}

/** Moves it, once etcd is proven not to run on it. @throws OpsError FENCE_FAILED */
export async function putAside(prepared: PreparedReplacement, world: World, approval: Approval): Promise<void> {
  const { member } = prepared;
  const { host } = placeOf(world, member);
  await host.destroy(fence, approval);
  const fenced = await host.fenced();
  if (!fenced.holds) throw new OpsError('FENCE_FAILED', `The data-dir of ${member} was not touched: ${fenced.because}`);
  await host.destroy(putAsideAct, approval);
}

/** What the steps up to the start will have done, for a plan that is shown before them. */
export async function doneBeforeStart(prepared: PreparedReplacement, world: World): Promise<ActsOf> {
  const removal = await removalToCome(prepared, world);
  const isPutAside = prepared.joins === 'running-learner' || (await isAside(prepared, world)).holds;
  return isPutAside ? removal : () => [fence, putAsideAct];
}

export async function planDeletion(prepared: PreparedReplacement, world: World): Promise<readonly PlannedCommand[]> {
  const { host } = placeOf(world, prepared.member);
  const kept = await host.has({ run: world.runId, what: 'aside' });
  return planOn([host], () => [deleteAct], kept ? nothing : await doneBeforeStart(prepared, world));
}

export async function deleteKept({ member }: PreparedReplacement, world: World, approval: Approval): Promise<void> {
  await placeOf(world, member).host.destroy(deleteAct, approval);
}

/** Nothing is left that etcd would start on. */
export async function isAside({ member }: PreparedReplacement, world: World): Promise<Finding> {
  const { host } = placeOf(world, member);
  const [present, old] = await Promise.all([host.dir('data'), host.dir({ run: world.runId, what: 'aside' })]);
  // Between the two renames there is neither: only with the empty one in place is it done.
  if (old.exists) return that(present.exists && present.empty, `${present.path} on ${member} is not empty yet.`);
  if (!present.exists || present.empty) return holds(`There is no data in ${present.path} on ${member}: nothing has to be put aside.`);
  return fails(`There is data in ${present.path} on ${member}.`);
}

/** The directory that was put aside, as a fact; `none` when nothing was. */
export async function keptFact({ member }: PreparedReplacement, world: World): Promise<Facts> {
  const { host } = placeOf(world, member);
  const dir = await host.dir({ run: world.runId, what: 'aside' });
  return { [`old data on ${member}`]: dir.exists ? `${whereInWords(dir)}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : 'none' };
}

/** Nothing of it is left. */
export async function keptGone({ member }: PreparedReplacement, world: World): Promise<Finding> {
  const { host } = placeOf(world, member);
  const dir = await host.dir({ run: world.runId, what: 'aside' });
  return that(!dir.exists, `${dir.path} is still on ${member}.`);
}
