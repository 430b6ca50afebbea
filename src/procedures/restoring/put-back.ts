/** The bodies of the steps that put a cluster back from one file, for every procedure that does so. */
import type { Finding } from '../../engine/finding.ts';
import type { ChangeStep, CheckStep, DestroyStep, Facts } from '../../engine/step.ts';
import { isOpsError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { HostSight } from '../../host/sight.ts';
import type { SnapshotFile } from '../../snapshots/snapshots.ts';
import * as after from './after-restore.ts';
import { canaryKey, canaryReadable } from './canary.ts';
import { startAgain } from './by-hand.ts';
import { preflight } from './preflight.ts';
import * as replacing from './replace-data.ts';
import * as aside from './restore-aside.ts';
import { agreement, serving } from './serving.ts';
import { nothing, planOn } from '../host-plans.ts';
import type { ActsOf } from '../host-plans.ts';
import { createFailedStart } from '../running/failed-start.ts';
import { plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** What is put back, and what that costs: settled when the run begins. */
export interface PutBack {
  /** The file; throws when it is not there, or not the one that was settled. */
  readonly source: () => Promise<SnapshotFile>;
  /** What the approval says is lost. */
  readonly loses: string;
  /** Files with a newer name that were not taken for the newest, each with why: facts of the card. */
  readonly passedOver?: readonly string[];
  /** Added to the file's revision where the tool can: from just above the highest revision known. */
  readonly bumpRevisionBy: bigint;
  /** The new cluster's own, so that no old member can ever join it. */
  readonly token: string;
  /** Also replaces the data of a cluster that has quorum. */
  readonly whileHealthy: boolean;
  /** Set in etcd's settings where the cluster is made of other members than those. */
  readonly initialCluster?: string;
  /** What more must hold before data is replaced, and what more the approval rests on. */
  readonly besides?: { readonly requires: () => Promise<Finding>; readonly facts: Facts };
}

type Body<S> = Omit<S, 'kind' | 'id' | 'title'>;

/** A host whose versions, tools and settings are read once, for as long as these steps live: until a gate, a failure or a crash. */
function readOnce(host: Host): Host {
  let seen: Promise<HostSight> | undefined;
  const sight = () => {
    seen ??= host.sight().catch((error: unknown) => {
      seen = undefined;
      throw error;
    });
    return seen;
  };
  return { ...host, sight };
}

/** The file is looked at anew each time; for those who ask at the same moment it is one look, and what they ask of a host next is one request. */
function lookedAtTogether(source: PutBack['source']): PutBack['source'] {
  let underWay: Promise<SnapshotFile> | undefined;
  return () => {
    underWay ??= source().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/** Everything up to the approval, and the approved act. All hosts of `on` take part, and nobody else. */
export function replacingSteps(given: PutBack, on: World) {
  const order = { ...given, source: lookedAtTogether(given.source) };
  const world = { ...on, hosts: on.hosts.map(readOnce) };
  return {
    preflight: (async () => preflight(world, await order.source())) satisfies CheckStep['verify'],
    outlook: (() => aside.outlook(order, world)) satisfies CheckStep['verify'],
    handOut: {
      plan: () => aside.planHandOut(order, world),
      run: ({ progress }) => aside.handOut(order, world, progress),
      verify: () => aside.handedOut(order, world),
    } satisfies Body<ChangeStep>,
    restoreAside: {
      plan: () => aside.planRestoreAside(order, world),
      run: () => aside.restoreAside(order, world),
      verify: () => aside.restoredAside(order, world),
    } satisfies Body<ChangeStep>,
    replaceData: {
      loses: order.loses,
      blastRadius: 'quorumLoss',
      requires: () => replacing.replacementAllowed(order, world),
      facts: () => replacing.replacementFacts(order, world),
      plan: () => replacing.planReplaceData(order, world),
      run: (approval) => replacing.replaceData(world, approval),
      verify: () => replacing.dataReplaced(world),
    } satisfies Body<DestroyStep>,
  };
}

/** How long members that were just started may take to find each other. */
const servingDeadlineMs = 180_000;

/** Starts etcd on all hosts of `world` and proves that they serve. @param before what the run does there before, for a plan that is shown first */
export function startingSteps(world: World, before: ActsOf = nothing) {
  const { hosts, etcd, runId, clock } = world;
  const orFailed = createFailedStart(hosts, clock);
  return {
    start: {
      plan: async () => planOn(hosts, () => startAgain, await after.untilAside(before, world)),
      run: async () => {
        await Promise.all(hosts.flatMap((host) => startAgain.map((act) => host.do(act))));
      },
      verify: async () => orFailed(await serving(etcd)),
      deadlineMs: servingDeadlineMs,
    } satisfies Body<ChangeStep>,
    canary: {
      plan: async () => [etcd.commands.put(canaryKey, runId)],
      run: async () => {
        await etcd.put(canaryKey, runId);
      },
      verify: () => canaryReadable(world),
    } satisfies Body<ChangeStep>,
    agree: (({ mayWait }) => agreement(etcd, clock, mayWait)) satisfies CheckStep['verify'],
  };
}

/** What is done once the new cluster serves: nobody waits for it any more. */
export function settlingSteps(order: PutBack, world: World) {
  const { hosts, etcd, cluster, ledger, runId } = world;
  return {
    configure: {
      plan: () => after.planConfigure(order, world),
      run: () => after.configure(order, world),
      verify: () => after.configured(order, world),
    } satisfies Body<ChangeStep>,
    cleanUp: {
      plan: async () => [...(await planOn(hosts, () => after.scratch, await handedOut(order, world))), etcd.commands.delete(canaryKey)],
      run: async () => {
        const { revision } = await etcd.look();
        // First, because a clean-up that was cut is done again only as long as the snapshot is still there.
        if (revision !== undefined) await ledger.restart(revision);
        await etcd.delete(canaryKey);
        await Promise.all(hosts.flatMap((host) => after.scratch.map((act) => host.do(act, after.deletionForeseen(runId)))));
      },
      verify: () => after.cleanedUp(world),
    } satisfies Body<ChangeStep>,
    deleteOldData: {
      loses: `the data of ${cluster.name} from before this restore: it cannot be put back afterwards`,
      blastRadius: 'general',
      otherwise: 'The old data-dirs stay, each beside the one that took its place.',
      requires: () => etcd.membersAgree(),
      facts: () => after.asideFacts(world),
      plan: () => after.planDeleteAside(world),
      run: async (approval) => {
        await Promise.all(hosts.map((host) => host.destroy({ act: 'delete-aside' }, approval)));
      },
      verify: () => after.asideGone(world),
    } satisfies Body<DestroyStep>,
  };
}

/** The file is on the hosts by then. In a plan that is shown before anybody has saved it, there is nothing to plan with. */
async function handedOut(order: PutBack, { hosts, runId }: World): Promise<ActsOf> {
  const there = await Promise.all(hosts.map((host) => host.has({ run: runId, what: 'snapshot' })));
  if (there.includes(true)) return nothing;
  return aside.receiving(order).catch((error: unknown) => {
    if (isOpsError(error)) return nothing;
    throw error;
  });
}

/** What the final report says of every such run. */
export async function putBackReport({ source, loses }: PutBack, world: World): Promise<readonly string[]> {
  const { etcd, cluster, hosts, runId } = world;
  const [{ quorum, revision }, kept, file] = await Promise.all([etcd.look(), after.asideInWords(world), source().catch(() => undefined)]);
  return [
    `${cluster.name} serves again${file === undefined ? '' : ` from ${file.kind === 'snapshot' ? 'snapshot' : 'the copied database'} ${file.name}`}, at revision ${revision ?? 'unknown'}. ${quorum.sentence}`,
    `Lost: ${loses}.`,
    kept !== ''
      ? `The old data is kept: ${kept}. \`undo ${runId}\` puts it back, or says why not.`
      : `The old data-dirs on ${plural(hosts.length, 'host')} are deleted.`,
    ...(file?.v2Keys === 'some'
      ? ['The cluster held API 2 keys when the snapshot was taken; a v3 snapshot does not hold them, so they are gone.']
      : []),
    'Users, roles and passwords are those of the snapshot’s time. Restart what watches this cluster (Kubernetes: apiservers and controllers); resume Patroni if you paused it.',
  ];
}
