/** Puts the restored data in place of the present data: allowed when, resting on what, and in which order. */
import type { Approval } from '../../engine/approval.ts';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { DestroyAct, Host } from '../../host/host.ts';
import { keptAside } from './after-restore.ts';
import { startAgain } from './by-hand.ts';
import { dataDirFact } from './data-dir-fact.ts';
import { fence, fenceAll } from './fence-all.ts';
import { planFrom } from '../host-plans.ts';
import { inParallel } from '../in-parallel.ts';
import { lookTwice } from '../running/patience.ts';
import { judgeRestored, makingRestored, readRestored } from './restore-aside.ts';
import type { PutBack } from './put-back.ts';
import { list } from '../../engine/words.ts';
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
  // Asked at the same moment, of all: that is one request to each host.
  const [done, restored, file] = await Promise.all([
    Promise.all(world.hosts.map((host) => swapped(host, world))),
    readRestored(world),
    order.source(),
  ]);
  const waiting = restored.filter((_one, index) => done[index] === false);
  return waiting.length === 0 ? holds() : judgeRestored(order, file, waiting);
}

/** What the approval rests on: the file, who answers, and which directories these are. */
export async function replacementFacts(order: PutBack, { hosts, etcd, runId, clock }: World): Promise<Facts> {
  const [{ endpoints }, dirs, file] = await Promise.all([
    lookTwice({ hosts, etcd, clock }),
    Promise.all(
      hosts.map(async (host) => {
        const [present, restored] = await Promise.all([host.dir('data'), host.dir({ run: runId, what: 'restored' })]);
        return { host, present, restored };
      }),
    ),
    order.source(),
  ]);
  const answering = endpoints.filter((endpoint) => endpoint.answers).map(({ member }) => member);
  const clusterIds = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.clusterId] : [])));
  return {
    snapshot: `${file.name}, sha256 ${file.sha256}${file.kind === 'database-copy' ? ', restored with --skip-hash-check' : ''}`,
    ...(file.doubts.length > 0 && { doubt: file.doubts.join('; ') }),
    ...(order.passedOver !== undefined && order.passedOver.length > 0 && { 'not taken for the newest': order.passedOver.join('; ') }),
    ...order.besides?.facts,
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': clusterIds.size === 0 ? 'no member answers' : [...clusterIds].join(', '),
    ...Object.fromEntries(dirs.map(({ host, present, restored }) => dataDirFact(host, present, restored))),
  };
}

const swap = { act: 'swap' } as const satisfies DestroyAct;

/** First all stops, then all renames: the order in which they happen. */
export async function planReplaceData(order: PutBack, world: World): Promise<readonly PlannedCommand[]> {
  const { hosts, runId } = world;
  return planFrom(hosts, () => [fence, swap], {
    hasBegun: async () => {
      const [made, kept] = await Promise.all([
        Promise.all(hosts.map((host) => host.has({ run: runId, what: 'restored' }))),
        keptAside(world),
      ]);
      return made.includes(true) || kept.length > 0;
    },
    assuming: () => makingRestored(order, world),
  });
}

/** Stops and masks every member, proves it, and only then swaps: an old member that runs on would split the cluster. */
export async function replaceData(world: World, approval: Approval): Promise<void> {
  await fenceAll(world, approval);
  await inParallel(world.hosts, (host) => host.destroy(swap, approval, { plan: { acts: startAgain } }));
}

/** The old data (or an empty directory where there was none) is aside, the new is in place. */
export async function swapped(host: Host, { runId }: Pick<World, 'runId'>): Promise<boolean> {
  const [aside, restored, present] = await Promise.all([
    host.has({ run: runId, what: 'aside' }),
    host.has({ run: runId, what: 'restored' }),
    host.has('data'),
  ]);
  return aside && !restored && present;
}

export async function dataReplaced({ hosts, runId }: World): Promise<Finding> {
  return allOf(
    await Promise.all(
      hosts.map(async (host) => that(await swapped(host, { runId }), `${host.member} does not have its data in place yet.`)),
    ),
  );
}
