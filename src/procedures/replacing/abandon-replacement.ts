/** Ends a replacement that will not be carried on: removes nothing, and says how the member stands and what can be done by hand. */
import { renderCommand } from '../../engine/command.ts';
import { isOpsError } from '../../errors.ts';
import type { MemberRow } from '../../etcd/etcd.ts';
import { placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { answeringIds, nameOf } from './safe-to-replace.ts';
import { hasPeerUrl } from './which-member.ts';
import { byHand, startAgain } from '../restoring/by-hand.ts';
import { lookTwice } from '../running/patience.ts';
import type { World } from '../world.ts';
import { whereInWords } from '../restoring/data-dir-fact.ts';

const runbook = 'replace-member';

/** Every sentence is read off the cluster and the host as they are now. */
export async function abandonReplacement(prepared: PreparedReplacement, world: World): Promise<string> {
  const look = await lookTwice(world);
  const { members } = look;
  const sentences = [
    ...(members === undefined
      ? [`The list of members could not be read. ${look.quorum.sentence}`]
      : [...membership(prepared, members, world), ...joined(prepared, members, answeringIds(look).size, world)]),
    ...(await onHost(prepared, isMember(prepared, members ?? []), world)),
  ];
  return sentences.join('\n');
}

/** Whether its data is that of a member still. */
function isMember({ member, removes }: PreparedReplacement, members: readonly MemberRow[]): boolean {
  return removes.some((removal) => removal.member === member && members.some(({ memberId }) => memberId === removal.id));
}

function membership({ removes }: PreparedReplacement, members: readonly MemberRow[], { cluster }: World): string[] {
  return removes.map((removal) =>
    members.some(({ memberId }) => memberId === removal.id)
      ? `${nameOf(removal)} is a member of ${cluster.name} as before.`
      : `${nameOf(removal)} is removed and can never rejoin with the data it has.`,
  );
}

function joined(prepared: PreparedReplacement, members: readonly MemberRow[], answering: number, { cluster, etcd }: World): string[] {
  const { member, peerUrl, removes } = prepared;
  const again = `\`replace-member ${cluster.name} ${member}\` goes on from here`;
  const row = members.find((each) => hasPeerUrl(each, peerUrl) && !removes.some(({ id }) => id === each.memberId));
  if (row === undefined) {
    const removed = removes.every(({ id }) => !members.some(({ memberId }) => memberId === id));
    return removed ? [`Nothing was added in its place: ${cluster.name} has ${members.length} members, ${answering} answer. ${again}.`] : [];
  }
  if (!row.isLearner) return [`${member} is a voter as ${row.memberId}.`];
  const stands =
    row.name === '' ? 'was added as a learner and never started: it has no vote and harms nothing' : 'is a learner: it has no vote';
  return [
    `${row.memberId} at ${peerUrl} ${stands}. ${again}. To take it away instead, by hand:`,
    renderCommand(etcd.commands.removeMember(row.memberId)),
  ];
}

/** A removed member comes back with no data it had, so nothing is said to put that in place, or to start on it. */
async function onHost({ member }: PreparedReplacement, isStillMember: boolean, world: World): Promise<string[]> {
  const { host } = placeOf(world, member);
  try {
    const [unit, old, present] = await Promise.all([host.unit(), host.dir({ run: world.runId, what: 'aside' }), host.dir('data')]);
    const mayStart = isStillMember && present.exists && !present.empty;
    const masked = unit.masked || unit.halfMasked === true;
    const stands = `etcd on ${member} is ${unit.activeState} and masked`;
    return [
      ...(masked && mayStart ? [`${stands}. To start it by hand:`, ...(await byHand([host], startAgain, runbook))] : []),
      ...(masked && !mayStart ? [`${stands}: leave it so, \`replace-member ${world.cluster.name} ${member}\` starts it.`] : []),
      ...(old.exists ? [`The old data of ${member} is in ${whereInWords(old)} on its host. A removed member cannot rejoin with it.`] : []),
    ];
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return [
      `How etcd on ${member} stands could not be seen: ${error.message} If there is old data, it lies beside its data-dir under the name of ${world.runId}: docs/runbooks/${runbook}.md says how to look.`,
    ];
  }
}
