/** Ends a replacement that will not be carried on: removes nothing, and says how the member stands and what can be done by hand. */
import { isOpsError } from '../../errors.ts';
import type { MemberRow } from '../../etcd/etcd.ts';
import { placeOf } from './joining-host.ts';
import type { PreparedReplacement } from '../replace-member.ts';
import { answeringIds, nameOf } from './safe-to-replace.ts';
import { hasPeerUrl } from './which-member.ts';
import { byHand, goBack, startAgain } from '../restoring/by-hand.ts';
import { lookTwice } from '../running/patience.ts';
import type { World } from '../world.ts';
import { whereInWords } from '../restoring/data-dir-fact.ts';

const runbook = 'replace-member';

/** Every sentence is read off the cluster and the host as they are now. */
export async function abandonReplacement(prepared: PreparedReplacement, world: World): Promise<string> {
  const look = await lookTwice(world);
  const sentences = [
    ...(look.members === undefined
      ? [`The list of members could not be read. ${look.quorum.sentence}`]
      : [...membership(prepared, look.members, world), ...joined(prepared, look.members, answeringIds(look).size, world)]),
    ...(await onHost(prepared, world)),
  ];
  return sentences.join('\n');
}

function membership({ removes }: PreparedReplacement, members: readonly MemberRow[], { cluster }: World): string[] {
  return removes.map((removal) =>
    members.some(({ memberId }) => memberId === removal.id)
      ? `${nameOf(removal)} is a member of ${cluster.name} as before.`
      : `${nameOf(removal)} is removed and can never rejoin with the data it has.`,
  );
}

function joined(prepared: PreparedReplacement, members: readonly MemberRow[], answering: number, { cluster }: World): string[] {
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
  return [`${row.memberId} at ${peerUrl} ${stands}. ${again}; to take it away by hand: etcdctl member remove ${row.memberId}.`];
}

async function onHost({ member }: PreparedReplacement, world: World): Promise<string[]> {
  const { host } = placeOf(world, member);
  try {
    const [unit, old] = await Promise.all([host.unit(), host.dir({ run: world.runId, what: 'aside' })]);
    return [
      ...(unit.masked
        ? [`etcd on ${member} is ${unit.activeState} and masked. To start it by hand:`, ...(await byHand([host], startAgain, runbook))]
        : []),
      ...(old.exists
        ? [
            `The old data of ${member} is in ${whereInWords(old)} on its host. A removed member cannot rejoin with it; to have it in its place all the same:`,
            ...(await byHand([host], goBack(world.runId), runbook)),
          ]
        : []),
    ];
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return [
      `How etcd on ${member} stands could not be seen: ${error.message} If there is old data, it lies beside its data-dir under the name of ${world.runId}: docs/runbooks/${runbook}.md says how to look.`,
    ];
  }
}
