/** What an undo says at its end: when all is done, and when it is not carried on. */
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { worldOf } from '../restoring/left-out.ts';
import { list } from '../words.ts';
import type { World } from '../world.ts';
import { clusterIdOf } from './cluster-now.ts';
import type { PreparedUndo } from './prepared.ts';

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
    `What was in place before this undo is kept: ${moved.map((host) => `${host.member}:${host.paths(runId).aside}`).join(', ')}. When nobody needs it any more: rm -rf --one-file-system ${moved[0]?.paths(runId).aside ?? ''} on each.`,
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
  // Some have the data of before and some have not: started by hand, they would be two clusters.
  const isMixed = begun || untouched.length > 0;
  const ways = [
    `To finish it: \`undo ${run}\`.${begun ? ` To go back to how it was: \`undo ${runId}\`.` : ''} Until then start nothing by hand on ${cluster.name}: not every host has data of the same cluster in place.`,
  ];
  return [
    ...said.flatMap(({ sentence, start }) => (sentence === undefined ? [] : [isMixed ? sentence : `${sentence}${start}`])),
    ...(isMixed ? ways : []),
  ].join('\n');
}

interface HostStanding {
  /** This undo has moved something there. */
  readonly moved: boolean;
  /** Undefined where it is as it was and etcd is not kept from starting. */
  readonly sentence: string | undefined;
  readonly start: string;
}

async function standing(host: Host, { run, undo }: { readonly run: World['runId']; readonly undo: World['runId'] }): Promise<HostStanding> {
  const { member, dataDir, unitName } = host;
  const [kept, aside] = [host.paths(run).aside, host.paths(undo).aside];
  const start = ` To start it again: systemctl unmask ${unitName} && systemctl start ${unitName}.`;
  try {
    const [unit, [old, own, present]] = await Promise.all([host.unit(), host.dirs([kept, aside, dataDir])]);
    const stands = `${member}: etcd is ${unit.activeState}${unit.masked ? ' and masked' : ''}`;
    if (own?.exists !== true) return { moved: false, sentence: unit.masked ? `${stands}, its data is where it was.` : undefined, start };
    const where = old?.exists === true ? `the data of before is still in ${kept}` : `the data of before is in ${dataDir}`;
    const missing = present?.exists === true ? '' : `, and there is no ${dataDir}`;
    return { moved: true, sentence: `${stands}; ${where}, what was in place is in ${aside}${missing}.`, start: '' };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    const where = `What was in place is in ${dataDir} or ${aside}, the data of before in ${kept} or ${dataDir}.`;
    return { moved: false, sentence: `${member} could not be asked (${error.message}) ${where}`, start: '' };
  }
}
