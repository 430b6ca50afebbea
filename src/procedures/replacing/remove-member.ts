/** Takes members out of a cluster for good: resting on what, in which order, and how it is seen. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import { isOpsError, OpsError } from '../../errors.ts';
import type { ClusterLook, Etcd } from '../../etcd/etcd.ts';
import type { Host, UnitState } from '../../host/host.ts';
import type { MemberId } from '../../ids.ts';
import { planOn } from '../host-plans.ts';
import { placeOf } from './joining-host.ts';
import { fence } from '../restoring/fence-all.ts';
import type { PreparedReplacement, Removal } from '../replace-member.ts';
import { answeringIds, nameOf, statusesOf, stillMembers } from './safe-to-replace.ts';
import { inWords } from './which-member.ts';
import { votesInWords } from '../running/members.ts';
import { lookAtStaying } from './replacement-looks.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** What an approval of the removal rests on: who is meant, who the members are, who answers. */
export async function removalFacts(prepared: PreparedReplacement, world: World): Promise<Facts> {
  const { removes, newHost, member } = prepared;
  const look = await lookAtStaying(prepared, world);
  const members = look.members ?? [];
  const clusterIds = new Set(statusesOf(look).map(({ clusterId }) => clusterId));
  const answering = look.endpoints.filter((endpoint) => endpoint.answers).map((endpoint) => endpoint.member);
  return {
    'to be removed': list(
      stillMembers(removes, members).map(({ id }) => {
        const row = members.find(({ memberId }) => memberId === id);
        return row === undefined ? id : inWords(row);
      }),
    ),
    members: members.map(({ name, memberId }) => (name === '' ? memberId : `${name} (${memberId})`)).join(', '),
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': [...clusterIds].join(', '),
    ...Object.fromEntries(removes.map((removal) => [`etcd on ${removal.member}`, whatStops(removal, { member, newHost })])),
  };
}

/** The commands of the plan say whether the other host answers: asking a host that is off takes seconds, and need not be done twice. */
function whatStops(removal: Removal, { member, newHost }: Pick<PreparedReplacement, 'member' | 'newHost'>): string {
  if (removal.member !== member)
    return 'is stopped and masked where its host answers (see the commands); where not, nothing is stopped, but a removed member can never rejoin';
  return newHost
    ? 'its old host is not in config.yaml any more: nothing is stopped there, but a removed member can never rejoin'
    : 'is stopped and masked, so that it does not come back';
}

/** The commands in their order: a member that is down is stopped first, one that serves is removed first, as etcd wants the others connected. */
export async function planRemoval(prepared: PreparedReplacement, world: World): Promise<readonly PlannedCommand[]> {
  const { commands } = askedOf(prepared, world);
  const hosts = prepared.removes.map((removal) => stoppableHost(prepared, removal, world));
  const [look, stops] = await Promise.all([
    lookAtStaying(prepared, world),
    Promise.all(hosts.map(async (host) => (host === undefined ? [] : await planFence(host)))),
  ]);
  return prepared.removes.flatMap((removal, index) => {
    const remove = commands.removeMember(removal.id);
    const stop = stops[index] ?? [];
    const successor = successorOf(removal, prepared, look);
    const hand = successor === undefined ? [] : [world.etcd.commands.moveLeader(successor)];
    return answeringIds(look).has(removal.id) ? [...hand, remove, ...stop] : [...stop, remove];
  });
}

/** Removes each member that is still one; repeating it does no harm. */
export async function removeMembers(prepared: PreparedReplacement, world: World, approval: Approval): Promise<void> {
  const etcd = askedOf(prepared, world);
  for (const removal of prepared.removes) {
    const look = await lookAtStaying(prepared, world);
    const stop = async () => {
      const host = stoppableHost(prepared, removal, world);
      if (host !== undefined && (await unitOf(host)) !== undefined) await host.destroy(fence, approval);
    };
    if (!answeringIds(look).has(removal.id)) {
      await stop();
      await etcd.removeMember(removal.id, approval);
      continue;
    }
    const successor = successorOf(removal, prepared, look);
    if (successor !== undefined) await world.etcd.moveLeader(successor);
    await etcd.removeMember(removal.id, approval);
    await stop();
  }
}

/** None of them is in the list any more, and what could be stopped is stopped for good. */
export async function membersRemoved(prepared: PreparedReplacement, world: World): Promise<Finding> {
  const look = await askedOf(prepared, world).look();
  const { members, quorum } = look;
  if (members === undefined) return fails(`The list of members could not be read. ${votesInWords(look)}`);
  const left = stillMembers(prepared.removes, members);
  if (left.length > 0) return fails(`${list(left.map(nameOf))} is still a member.`);
  const stopped = await Promise.all(
    prepared.removes.map(async (removal) => {
      const host = stoppableHost(prepared, removal, world);
      const unit = host === undefined ? undefined : await unitOf(host);
      return that(
        unit === undefined || (unit.masked && ['inactive', 'failed'].includes(unit.activeState)),
        `etcd on ${removal.member} is not stopped and masked.`,
      );
    }),
  );
  const all = allOf(stopped);
  return all.holds ? holds(quorum.sentence) : all;
}

/** Those that stay and answer: who is gone is not asked, and not waited for. A leader that goes is asked to hand on by itself. */
function askedOf({ among, member }: PreparedReplacement, { etcd }: World): Etcd {
  return etcd.among(among.filter((name) => name !== member));
}

/** The old host of a member whose name a new host has taken is not known to us any more. */
function stoppableHost({ newHost, member }: PreparedReplacement, removal: Removal, world: World): Host | undefined {
  return newHost && removal.member === member ? undefined : hostOf(world, removal);
}

function hostOf(world: World, { member }: Removal): Host {
  return placeOf(world, member).host;
}

/** What stops etcd there for good; nothing when the host does not answer. */
async function planFence(host: Host): Promise<readonly PlannedCommand[]> {
  return (await whereItAnswers(() => planOn([host], () => [fence]))) ?? [];
}

/** The unit's state; undefined when the host does not answer. */
function unitOf(host: Host): Promise<UnitState | undefined> {
  return whereItAnswers(() => host.unit());
}

async function whereItAnswers<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isOpsError(error, 'HOST_UNREACHABLE')) return undefined;
    throw error;
  }
}

/** Who leads after a leader that is removed: a voter that answers and stays. Undefined when it does not lead. */
function successorOf({ id }: Removal, { removes }: PreparedReplacement, look: ClusterLook): MemberId | undefined {
  const statuses = statusesOf(look);
  if (statuses.find(({ memberId }) => memberId === id)?.leader !== id) return undefined;
  const successor = statuses
    .filter(({ memberId, isLearner }) => !isLearner && !removes.some((removal) => removal.id === memberId))
    .toSorted((a, b) => Number(b.raftAppliedIndex - a.raftAppliedIndex))[0];
  if (successor === undefined)
    throw new OpsError('ETCD_NO_QUORUM', `${id} leads, and no other voter answers that could lead in its place.`);
  return successor.memberId;
}
