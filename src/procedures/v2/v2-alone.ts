/** One member alone with the backup: started as a new cluster, freed of the flag that does it, and given its own peer URL again. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { MemberRow } from '../../etcd/etcd.ts';
import { OpsError } from '../../errors.ts';
import type { ChangeAct } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import { dataReplacedActs, untilAside } from '../restoring/after-restore.ts';
import { placeOf } from '../replacing/joining-host.ts';
import type { PreparedV2Restore } from '../v2-restore.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The flag first: without it etcd would look for the members that the backup has forgotten. */
const starting = [{ act: 'v2-force' }, { act: 'unmask-start' }] as const satisfies readonly ChangeAct[];

export async function planStartAlone({ first }: PreparedV2Restore, world: World): Promise<readonly PlannedCommand[]> {
  return planOn([placeOf(world, first).host], () => starting, await untilAside(dataReplacedActs, world));
}

export async function startAlone({ first }: PreparedV2Restore, world: World): Promise<void> {
  const { host } = placeOf(world, first);
  for (const act of starting) await host.do(act);
}

const freeing = { act: 'v2-unforce' } as const satisfies ChangeAct;

export async function planFreeing({ first }: PreparedV2Restore, world: World): Promise<readonly PlannedCommand[]> {
  const before = await untilAside((host) => [...dataReplacedActs(host), ...starting], world);
  return planOn([placeOf(world, first).host], () => [freeing], before);
}

export async function freeOfFlag({ first }: PreparedV2Restore, world: World): Promise<void> {
  await placeOf(world, first).host.do(freeing);
}

/** It serves, as the only member of its cluster. */
export async function servesAlone({ first }: PreparedV2Restore, world: World): Promise<Finding> {
  const alone = await onlyRow(first, world);
  return 'because' in alone
    ? fails(alone.because)
    : holds(`${first} serves as ${alone.row.memberId}, the only member of a new cluster (${alone.clusterId}).`);
}

/** It serves without: neither unit, settings nor the running process have the flag, so no restart and no reboot begins a new cluster again. */
export async function flagGone({ first }: PreparedV2Restore, world: World): Promise<Finding> {
  const { host } = placeOf(world, first);
  const [{ inUnit, inSettings, inProcess }, alone] = await Promise.all([host.v2.force(), onlyRow(first, world)]);
  const gone = allOf([
    that(!inUnit, `The unit on ${first} still has force-new-cluster.`),
    that(!inSettings, `The settings of etcd on ${first} have force-new-cluster.`),
    that(
      inProcess === false,
      inProcess === undefined ? `etcd does not run on ${first}.` : `etcd on ${first} still runs with force-new-cluster.`,
    ),
    'because' in alone ? fails(alone.because) : holds(),
  ]);
  return gone.holds
    ? holds(`etcd on ${first} serves without force-new-cluster: it is neither in its unit, its settings nor its process.`)
    : gone;
}

async function onlyRow(
  first: PreparedV2Restore['first'],
  { etcd }: World,
): Promise<{ readonly row: MemberRow; readonly clusterId: string } | { readonly because: string }> {
  const { endpoints, members = [] } = await etcd.among([first]).look();
  const [endpoint] = endpoints;
  if (endpoint === undefined || !endpoint.answers)
    return { because: `${first} does not answer yet: ${endpoint?.reason ?? 'it was not asked'}.` };
  if (endpoint.status.leader === undefined) return { because: `${first} knows no leader yet.` };
  const [row] = members;
  if (row === undefined) return { because: `${first} does not say who its members are.` };
  if (members.length > 1 || row.memberId !== endpoint.status.memberId)
    return { because: `${first} is not alone: it counts ${list(members.map(({ name, memberId }) => name || memberId))}.` };
  return { row, clusterId: endpoint.status.clusterId };
}

/** A backup does not say where its member was: etcd takes http://localhost:2380 for it, which no other member could reach. */
export async function setPeerUrl({ first }: PreparedV2Restore, world: World): Promise<void> {
  const alone = await onlyRow(first, world);
  if ('because' in alone) throw new OpsError('ETCD_UNREACHABLE', alone.because);
  await world.etcd.among([first]).updatePeerUrls(alone.row.memberId, [placeOf(world, first).member.peerUrl]);
}

export async function planSetPeerUrl({ first }: PreparedV2Restore, world: World): Promise<readonly PlannedCommand[]> {
  const { peerUrl } = placeOf(world, first).member;
  const alone = await onlyRow(first, world);
  // Before the start nobody knows the id.
  if ('because' in alone) return [{ on: 'bot', argv: ['etcdctl', 'member', 'update', `<the id of ${first}>`, `--peer-urls=${peerUrl}`] }];
  return [world.etcd.commands.updatePeerUrls(alone.row.memberId, [peerUrl])];
}

/** Asked of the member list, whoever else is in it by now. */
export async function peerUrlSet({ first }: PreparedV2Restore, world: World): Promise<Finding> {
  const { peerUrl } = placeOf(world, first).member;
  const { members = [], endpoints } = await world.etcd.among([first]).look();
  const [endpoint] = endpoints;
  const own = endpoint?.answers === true ? members.find(({ memberId }) => memberId === endpoint.status.memberId) : undefined;
  if (own === undefined) return fails(`${first} does not answer.`);
  return own.peerUrls.join() === peerUrl
    ? holds(`Member ${own.memberId} is at ${peerUrl}.`)
    : fails(`Member ${own.memberId} is at ${own.peerUrls.join(', ')}, not at ${peerUrl}.`);
}
