/** Adds the other members back to the one that serves API 2, one after the other, each until it votes. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import type { Clock } from '../../engine/ports.ts';
import { OpsError, isOpsError } from '../../errors.ts';
import type { MemberName } from '../../ids.ts';
import { planOn } from '../host-plans.ts';
import { dataReplacedActs, untilAside } from '../restoring/after-restore.ts';
import { configure, configured, promote, startedAsLearner } from '../replacing/join.ts';
import type { JoiningMember } from '../replacing/join.ts';
import { placeOf } from '../replacing/joining-host.ts';
import type { PreparedV2Restore } from '../v2-restore.ts';
import { hasPeerUrl } from '../replacing/which-member.ts';
import { list, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** A member that joins has the whole database sent to it before it answers. */
const startedLimitMs = 180_000;
const startedPollMs = 500;
/** Members that have just joined may lag for a moment. */
const agreementLimitMs = 60_000;

function othersOf({ first }: PreparedV2Restore, { cluster }: World) {
  return cluster.members.filter(({ name }) => name !== first);
}

export async function planJoining(prepared: PreparedV2Restore, world: World): Promise<readonly PlannedCommand[]> {
  const known: MemberName[] = [prepared.first];
  const plans: PlannedCommand[] = [];
  const before = await untilAside(dataReplacedActs, world);
  for (const { name, peerUrl } of othersOf(prepared, world)) {
    known.push(name);
    const initialCluster = world.cluster.members
      .filter((member) => known.includes(member.name))
      .map((member) => `${member.name}=${member.peerUrl}`)
      .join(',');
    plans.push(
      world.etcd.commands.addLearner(name, [peerUrl]),
      ...(await planOn(
        [placeOf(world, name).host],
        () => [{ act: 'settings', settings: { initialClusterState: 'existing', initialCluster } }, { act: 'unmask-start' }],
        before,
      )),
      { on: 'bot', argv: ['etcdctl', 'member', 'promote', `<the id of ${name}>`] },
    );
  }
  return plans;
}

/** Each is a voter before the next is added: two that catch up at once could cost the quorum. Gives the differences in their settings. */
export async function joinOthers(prepared: PreparedV2Restore, world: World, progress: Progress): Promise<string> {
  const among: MemberName[] = [prepared.first];
  const differences: string[] = [];
  for (const { name, peerUrl } of othersOf(prepared, world)) {
    const joining: JoiningMember = { member: name, peerUrl, removes: [] };
    progress(`${name} joins`);
    const added = await world.etcd.among(among).addLearner([peerUrl]);
    among.push(name);
    if (!added.isLearner && added.name === name) continue;
    const there: World = { ...world, etcd: world.etcd.among(among) };
    if (!(await configured(joining, there)).holds) differences.push(await configure(joining, there));
    await placeOf(world, name).host.do({ act: 'unmask-start' });
    await started(joining, there, world.clock);
    await promote(joining, there, (text) => progress(`${name}: ${text}`));
  }
  return differences.filter(Boolean).join('\n');
}

async function started(joining: JoiningMember, world: World, clock: Clock): Promise<void> {
  const start = clock.now().getTime();
  for (;;) {
    const finding = await startedAsLearner(joining, world);
    if (finding.holds) return;
    if (clock.now().getTime() - start >= startedLimitMs) {
      throw new OpsError('ETCD_UNREACHABLE', `${joining.member} was started and does not serve: ${finding.because}`, {
        hint: `Look at journalctl -u etcd on ${joining.member}, then press Retry: what is done already is skipped.`,
      });
    }
    await clock.sleep(startedPollMs);
  }
}

/** Every configured member votes and answers. */
export async function othersJoined(world: World): Promise<Finding> {
  const { members = [], endpoints, quorum } = await world.etcd.look();
  const missing = world.cluster.members.filter((member) => {
    const row = members.find((each) => hasPeerUrl(each, member.peerUrl));
    return row === undefined || row.isLearner || row.name === '';
  });
  const silent = endpoints.filter((endpoint) => !endpoint.answers);
  if (missing.length > 0) return fails(`${list(missing.map(({ name }) => name))} has no vote yet.`);
  return silent.length > 0 ? fails(`${list(silent.map(({ member }) => member))} does not answer.`) : holds(quorum.sentence);
}

/** The same keys, values and indexes of API 2 in every member's own store; asked again until they are, where waiting makes sense. */
export async function v2Agrees(prepared: PreparedV2Restore, { etcd, cluster, clock }: World, mayWait: boolean): Promise<Finding> {
  const start = clock.now().getTime();
  for (;;) {
    const finding = await compare(prepared, { etcd, cluster });
    if (finding.holds || !mayWait || clock.now().getTime() - start >= agreementLimitMs) return finding;
    await clock.sleep(startedPollMs);
  }
}

async function compare({ keys: wanted }: PreparedV2Restore, { etcd, cluster }: Pick<World, 'etcd' | 'cluster'>): Promise<Finding> {
  try {
    const stores = await Promise.all(cluster.members.map(async ({ name }) => ({ name, ...(await etcd.v2.contents(name)) })));
    const [one] = stores;
    const said = stores
      .map(({ name, keys, index }) => `${name} ${keys === undefined ? '' : `${plural(keys, 'key')} `}at index ${index}`)
      .join(', ');
    const same = allOf([that(new Set(stores.map(({ digest }) => digest)).size === 1, `The members differ in API 2: ${said}.`)]);
    if (!same.holds || one === undefined) return same;
    const counted =
      one.keys === undefined ? 'API 2 is the same on every member' : `${plural(one.keys, 'key')} of API 2 on every member, the same`;
    const then = wanted === null || wanted === one.keys ? '' : ` (the member had ${wanted} when the backup was begun)`;
    return holds(`${counted}${then}.`);
  } catch (error) {
    if (isOpsError(error)) return fails(error.message);
    throw error;
  }
}
