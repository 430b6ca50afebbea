/** Puts the backup in place of one member's data-dir and the others' aside: allowed when, resting on what, and in which order. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { DestroyAct, Host, HostAct } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import { fence, fenceAll } from '../restoring/fence-all.ts';
import { swapped } from '../restoring/replace-data.ts';
import { inParallel } from '../in-parallel.ts';
import { placeOf } from '../replacing/joining-host.ts';
import { lookTwice } from '../running/patience.ts';
import { v3MayGo } from './v2-loss.ts';
import { v2BackupUsable } from './v2-making.ts';
import type { PreparedV2Restore } from '../v2-restore.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** A checked backup on the first host, API 3 empty, saved or given up, and no quorum (or the explicit word). */
export async function v2ReplacementAllowed(prepared: PreparedV2Restore, world: World): Promise<Finding> {
  const { host } = placeOf(world, prepared.first);
  const done = await swapped(host, world);
  const [{ quorum }, mayGo, facts] = await Promise.all([
    lookTwice(world),
    v3MayGo(prepared, world),
    done ? undefined : host.v2.inspect(world.runId),
  ]);
  return allOf([
    ...(done ? [] : [v2BackupUsable(prepared.first, facts)]),
    mayGo,
    that(
      !quorum.holds || prepared.whileHealthy,
      `${world.cluster.name} has quorum (${quorum.sentence}): its data is not replaced. If that is really wanted, start again with --while-healthy.`,
    ),
  ]);
}

/** What the approval rests on. */
export async function v2ReplacementFacts(
  { first, backup, sha256, loseV3 }: PreparedV2Restore,
  { hosts, etcd, runId, clock, snapshots }: World,
): Promise<Facts> {
  const [{ endpoints }, { doubts }, dirs] = await Promise.all([
    lookTwice({ hosts, etcd, clock }),
    snapshots.v2.find(backup),
    Promise.all(
      hosts.map(async (host) => {
        const [present, next] = await Promise.all([host.dir('data'), host.dir({ run: runId, what: 'restored' })]);
        return { host, present, next };
      }),
    ),
  ]);
  const answering = endpoints.filter((endpoint) => endpoint.answers).map(({ member }) => member);
  const clusterIds = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.clusterId] : [])));
  return {
    'backup of API 2': `${backup}, sha256 ${sha256}`,
    ...(doubts.length > 0 && { doubt: doubts.join('; ') }),
    'API 3': loseV3 ? 'its data goes (--lose-v3)' : 'empty, or saved in a snapshot',
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': clusterIds.size === 0 ? 'no member answers' : [...clusterIds].join(', '),
    ...Object.fromEntries(
      dirs.map(({ host, present, next }) => {
        const now = present.exists ? `${present.path} is ${present.identity}` : `${present.path} is missing`;
        const then =
          host.member === first ? `its replacement is ${next.exists ? next.identity : 'missing'}` : 'an empty one takes its place';
        return [`data-dir on ${host.member}`, `${now}; ${then}`];
      }),
    ),
  };
}

/** The member that takes the backup has it put in place; the others join with nothing. */
function replacingWith({ first }: Pick<PreparedV2Restore, 'first'>) {
  return ({ member }: Pick<Host, 'member'>): DestroyAct => ({ act: member === first ? 'swap' : 'put-aside' });
}

/**
 * First all stops, then all renames: the order in which they happen.
 * @param making what the backup is put beside the data-dir with, for a plan that is shown before it lies there
 */
export async function planV2Replacement(
  prepared: PreparedV2Restore,
  world: World,
  making: () => Promise<readonly HostAct[]>,
): Promise<readonly PlannedCommand[]> {
  const { hosts, runId } = world;
  const { host: taker } = placeOf(world, prepared.first);
  const replace = replacingWith(prepared);
  const isMade = (await taker.has({ run: runId, what: 'restored' })) || (await swapped(taker, world));
  const made = isMade ? [] : await making();
  return planOn(
    hosts,
    (host) => [fence, replace(host)],
    (host) => (host.member === prepared.first ? made : []),
  );
}

/** Stops and masks every member, proves it, and only then moves: an old member that runs on would be a second cluster. */
export async function replaceWithV2(prepared: PreparedV2Restore, world: World, approval: Approval): Promise<void> {
  const replace = replacingWith(prepared);
  await fenceAll(world, approval);
  await inParallel(world.hosts, (host) => host.destroy(replace(host), approval));
}

export async function v2Replaced({ hosts, runId }: World): Promise<Finding> {
  return allOf(
    await Promise.all(hosts.map(async (host) => that(await swapped(host, { runId }), `The old data of ${host.member} is not aside yet.`))),
  );
}
