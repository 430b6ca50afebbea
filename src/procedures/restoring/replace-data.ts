/** Puts the restored data in place of the present data: allowed when, resting on what, and in which order. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import { dataDirFact } from './data-dir-fact.ts';
import { fenceAll } from './fence-all.ts';
import { inParallel } from '../in-parallel.ts';
import { lookTwice } from '../running/patience.ts';
import { restoredAside } from './restore-aside.ts';
import type { PutBack } from './put-back.ts';
import { list } from '../words.ts';
import type { World } from '../world.ts';

/** The two conditions under which data may be replaced: a checked replacement on every host, and no quorum (or the explicit word). */
export async function replacementAllowed(order: PutBack, world: World): Promise<Finding> {
  const [replacement, { quorum }, besides] = await Promise.all([
    restoredOrSwapped(order, world),
    lookTwice(world),
    order.besides?.requires() ?? holds(),
  ]);
  const allowed = that(
    !quorum.holds || order.whileHealthy,
    `${world.cluster.name} has quorum (${quorum.sentence}): its data is not replaced. If an older state is really wanted: \`restore ${world.cluster.name} --while-healthy\`.`,
  );
  return allOf([replacement, allowed, besides]);
}

/** After a cut in the middle some hosts have their data in place already: those count as proven, they were before. */
async function restoredOrSwapped(order: PutBack, world: World): Promise<Finding> {
  const done = await Promise.all(world.hosts.map((host) => swapped(host, world)));
  const waiting = world.hosts.filter((_host, index) => done[index] === false);
  return waiting.length === 0 ? holds() : restoredAside(order, { ...world, hosts: waiting });
}

/** What the approval rests on: the file, who answers, and which directories these are. */
export async function replacementFacts(order: PutBack, { hosts, etcd, runId, clock }: World): Promise<Facts> {
  const [{ endpoints }, dirs, file] = await Promise.all([
    lookTwice({ hosts, etcd, clock }),
    Promise.all(
      hosts.map(async (host) => {
        const [present, restored] = await host.dirs([host.dataDir, host.paths(runId).restored]);
        return { host, present, restored };
      }),
    ),
    order.source(),
  ]);
  const answering = endpoints.filter((endpoint) => endpoint.answers).map(({ member }) => member);
  const clusterIds = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.clusterId] : [])));
  return {
    snapshot: `${file.name}, sha256 ${file.sha256}${file.kind === 'database-copy' ? ', restored with --skip-hash-check' : ''}`,
    ...order.besides?.facts,
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': clusterIds.size === 0 ? 'no member answers' : [...clusterIds].join(', '),
    ...Object.fromEntries(dirs.map(({ host, present, restored }) => dataDirFact(host, present, restored))),
  };
}

/** First all stops, then all renames: the order in which they happen. */
export async function planReplaceData({ hosts, runId }: World): Promise<readonly PlannedCommand[]> {
  const now = await Promise.all(
    hosts.map(async (host) => {
      const [unit, dataDir] = await Promise.all([host.unit(), host.dir(host.dataDir)]);
      return { host, unit, dataDir };
    }),
  );
  return [
    ...now.flatMap(({ host, unit }) => host.commands.stopAndMask(unit)),
    ...now.flatMap(({ host, dataDir }) => host.commands.swapDataDir(runId, dataDir)),
  ];
}

/** Stops and masks every member, proves it, and only then swaps: an old member that runs on would split the cluster. */
export async function replaceData(world: World, approval: Approval): Promise<void> {
  const { hosts, runId } = world;
  await fenceAll(world, approval);
  await inParallel(hosts, (host) => host.swapDataDir(runId, approval));
}

/** The old data (or an empty directory where there was none) is aside, the new is in place. */
async function swapped(host: Host, { runId }: Pick<World, 'runId'>): Promise<boolean> {
  const { aside, restored } = host.paths(runId);
  const there = await host.existing([aside, restored, host.dataDir]);
  return there.has(aside) && !there.has(restored) && there.has(host.dataDir);
}

export async function dataReplaced({ hosts, runId }: World): Promise<Finding> {
  return allOf(
    await Promise.all(
      hosts.map(async (host) => that(await swapped(host, { runId }), `${host.member} does not have its data in place yet.`)),
    ),
  );
}
