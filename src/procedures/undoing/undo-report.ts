/** What an undo says at its end: when all is done, and when it is not carried on. */
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { asideInWords } from '../restoring/after-restore.ts';
import { byHand, startAgain } from '../restoring/by-hand.ts';
import { worldOf } from '../restoring/left-out.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';
import { clusterIdOf } from './cluster-now.ts';
import type { PreparedUndo } from './prepared.ts';
import { whereInWords } from '../restoring/data-dir-fact.ts';

/** Whether it is the cluster of before that serves; where nobody knows its id, that it is not the one that was put aside. */
export async function isClusterOfBefore(
  { clusterId }: Pick<PreparedUndo, 'clusterId'>,
  { etcd, cluster }: Pick<World, 'etcd' | 'cluster'>,
): Promise<Finding> {
  const id = clusterIdOf(await etcd.look());
  if (id === undefined) return fails(`The members of ${cluster.name} give no one cluster id.`);
  if (clusterId.before !== null && id !== clusterId.before) return fails(`The cluster id is ${id}, and was ${clusterId.before} before.`);
  if (id === clusterId.present) return fails(`The cluster id is still ${id}, that of the data that was put aside.`);
  return holds(clusterId.before === null ? `The cluster id is ${id}.` : `The cluster id is ${id} again.`);
}

/** The sentences of the final report. */
export async function undoReport(prepared: PreparedUndo, world: World): Promise<readonly string[]> {
  const { run, serving, lacking, leftOut, loses, untouched } = prepared;
  const { cluster, runId, hosts } = world;
  const on = worldOf(world, serving);
  const look = await on.etcd.look();
  const { quorum, revision } = look;
  const moved = hosts.filter(({ member }) => prepared.replaced.some((each) => each.member === member) && !untouched.includes(member));
  return [
    `${cluster.name} serves as it was before ${run}: cluster id ${clusterIdOf(look) ?? 'unknown'}, revision ${revision ?? 'unknown'}. ${quorum.sentence}`,
    `Lost: ${loses}.`,
    `What was in place before this undo is kept: ${await asideInWords({ hosts: moved, runId })}. When nobody needs it any more:`,
    ...(await byHand(moved, [{ act: 'delete-aside' }], 'undo')),
    ...(lacking.length === 0
      ? []
      : [
          `${list(lacking)} had no usable data before either: etcd there is stopped and masked. ${list(lacking.map((member) => `\`replace-member ${cluster.name} ${member}\``))} brings it in.`,
        ]),
    ...(leftOut.length === 0 ? [] : [`${list(leftOut)} took no part in ${run}: \`status ${cluster.name}\` says how it stands.`]),
    'Users, roles, passwords and revisions are those of before: restart what watches this cluster (Kubernetes: apiservers and controllers).',
  ];
}

/** Says how each host stands when an undo is not carried on; nothing is moved or removed. */
export async function abandonUndo({ run, replaced, untouched }: PreparedUndo, { hosts, runId, cluster }: World): Promise<string> {
  const taking = hosts.filter(({ member }) => replaced.some((each) => each.member === member));
  const said = await Promise.all(taking.map((host) => standing(host, { run, undo: runId })));
  const begun = said.some(({ moved }) => moved);
  const sentences = said.flatMap(({ sentence }) => sentence ?? []);
  // Some have the data of before and some have not: started by hand, they would be two clusters.
  if (begun || untouched.length > 0)
    return [
      ...sentences,
      `To finish it: \`undo ${run}\`.${begun ? ` To go back to how it was: \`undo ${runId}\`.` : ''} Until then start nothing by hand on ${cluster.name}: not every host has data of the same cluster in place.`,
    ].join('\n');
  const masked = taking.filter((_host, index) => said[index]?.masked === true);
  return [...sentences, ...(masked.length === 0 ? [] : ['To start it again:', ...(await byHand(masked, startAgain, 'undo'))])].join('\n');
}

interface HostStanding {
  /** This undo has moved something there. */
  readonly moved: boolean;
  readonly masked: boolean;
  /** Undefined where it is as it was and etcd is not kept from starting. */
  readonly sentence: string | undefined;
}

async function standing(host: Host, { run, undo }: { readonly run: World['runId']; readonly undo: World['runId'] }): Promise<HostStanding> {
  const { member } = host;
  try {
    const [unit, old, own, present] = await Promise.all([
      host.unit(),
      host.dir({ run, what: 'aside' }),
      host.dir({ run: undo, what: 'aside' }),
      host.dir('data'),
    ]);
    const { masked } = unit;
    const stands = `${member}: etcd is ${unit.activeState}${masked ? ' and masked' : ''}`;
    if (!own.exists) return { moved: false, masked, sentence: masked ? `${stands}, its data is where it was.` : undefined };
    const where = `the data of before is ${old.exists ? `still in ${old.path}` : `in ${present.path}`}`;
    const missing = present.exists ? '' : `, and there is no ${present.path}`;
    return { moved: true, masked, sentence: `${stands}; ${where}, what was in place is in ${whereInWords(own)}${missing}.` };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    const where = `What was in place is in its data-dir or beside it under the name of ${undo}, the data of before there or under that of ${run}.`;
    return { moved: false, masked: false, sentence: `${member} could not be asked (${error.message}) ${where}` };
  }
}
