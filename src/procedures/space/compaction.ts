/** Compacts history with a margin below the head: what it takes away, what must hold before, and how it is seen. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { destroy, Facts } from '../../engine/step.ts';
import { isOpsError } from '../../errors.ts';
import { safeOn } from '../judging/hazards.ts';
import { answering, noneCorrupt } from '../running/members.ts';
import { lookTwice } from '../running/patience.ts';
import { untilHolds } from '../running/until.ts';
import { list } from '../../engine/words.ts';
import { trusted } from '../restoring/stored.ts';
import type { World } from '../world.ts';

/** How many revisions of history stay: a watcher that lags less goes on, and no crash can lower the revision (etcd before 3.4.32 and 3.5.14). */
const historyKept = 1_000n;
/** Of a short history no more than this part is kept, or nothing would be freed. */
const shortHistoryPart = 10n;
/** The first revision of a cluster; before the second there is no history. */
const firstRevision = 1n;

/** Other members remove what was compacted in the background; so long is waited until the sizes in use fall no more. */
const settleLimitMs = 120_000;
const settleIntervalMs = 500;
/** Less than this from one look to the next is the ordinary coming and going of pages, or not worth waiting for. */
const settledWithin = { share: 0.0005, bytes: 512 * 1024 } as const;
/**
 * Members hold the same keys, so a member with so much more in use than the smallest has its compaction before it. That is waited for only so
 * long: pages may be filled differently for good.
 */
const alikeWithin = { factor: 1.5, bytes: 2 * 1024 * 1024 } as const;
const unlikeLimitMs = 60_000;

/** Longer than etcd's `--backend-batch-interval`, after which the other members have committed what the first stage removed. */
const betweenStagesMs = 500;

/**
 * A compaction in two stages: all but one revision, then that one. bbolt counts the pages that a commit frees as free only from the commit after it
 * (`freelist.pending`: https://github.com/etcd-io/bbolt/blob/v1.3.6/freelist.go), and a cluster without space makes no other one: without the
 * second stage the size in use would not be seen to fall, and nothing be found worth a defragmentation.
 */
function stages(revision: bigint): readonly bigint[] {
  return revision > firstRevision + 1n ? [revision - 1n, revision] : [revision];
}

/** The revision to compact to: some history stays, never the very head. @param keep how many revisions, when a person said so */
export function compactTarget(head: bigint, keep?: bigint): bigint {
  const part = head / shortHistoryPart;
  const margin = keep ?? (part < 1n ? 1n : part < historyKept ? part : historyKept);
  return head > margin ? head - margin : 0n;
}

/** The step's body. It is gated although etcd can do it by itself on a timer: see docs/adr/0011-compaction-is-gated.md. */
export function compacting(
  revision: bigint,
  world: World,
  before: () => Promise<Finding> = () => Promise.resolve(holds()),
): Parameters<typeof destroy>[2] {
  const { etcd, clock } = world;
  return {
    loses: `the history of keys before revision ${revision}: what was overwritten or deleted before it can no longer be read by revision, and a watcher that is further behind must begin anew. Present values stay`,
    blastRadius: 'general',
    requires: async () => allOf([await compactionAllowed(revision, world), await before()]),
    facts: () => compactionFacts(revision, world),
    plan: async () => stages(revision).map((stage) => etcd.commands.compact(stage)),
    run: async (approval) => {
      for (const stage of stages(revision)) {
        if (stage === revision) await clock.sleep(betweenStagesMs);
        try {
          await etcd.compact(stage, approval);
        } catch (error) {
          // The members go on with it by themselves; whether it is so is what `verify` asks.
          if (!isOpsError(error, 'ETCD_OUTCOME_UNKNOWN')) throw error;
        }
      }
    },
    verify: async () => {
      if (revision <= firstRevision) return holds('There is hardly any history, so there is nothing to compact.');
      return (await etcd.isCompacted(revision))
        ? holds(`The history before revision ${revision} is gone.`)
        : fails(`Revision ${revision} can still be read.`);
    },
  };
}

/** Whether a compaction to this revision is safe on the versions that answer. */
async function compactionAllowed(revision: bigint, world: World): Promise<Finding> {
  const look = await lookTwice(world);
  const head = look.revision ?? 0n;
  const versions = new Set(answering(look).map(({ status }) => status.version));
  return allOf([
    that(look.quorum.holds, look.quorum.sentence),
    noneCorrupt(look),
    that(revision < head, `Revision ${revision} is not below the head: the cluster is at ${head}. Some history always stays.`),
    safeOn(versions, 'compact', { 'margin-below-head': that(revision < head, `${revision} is the head: leave a margin.`) }),
  ]);
}

/** What the approval rests on; the head is not among it, or every write of a busy cluster would void it. */
async function compactionFacts(revision: bigint, world: World): Promise<Facts> {
  const { snapshots, runId } = world;
  const [look, own] = await Promise.all([lookTwice(world), snapshots.takenBy(runId)]);
  const clusters = new Set(answering(look).map(({ status }) => status.clusterId));
  const alarms = new Set(look.alarms?.map(({ type }) => type));
  const newest = own ?? trusted(await snapshots.list())[0];
  return {
    'compact up to revision': String(revision),
    'cluster id': list([...clusters]),
    alarms: look.alarms === undefined ? 'could not be read' : alarms.size === 0 ? 'none' : list([...alarms]),
    'snapshot that still has the history': newest === undefined ? 'none' : `${newest.id}, sha256 ${newest.sha256.slice(0, 12)}…`,
  };
}

/**
 * Waits until no member's size in use falls any more, and until all are alike: a physical compaction is waited for on one member only, and another
 * may not have begun its own.
 */
export async function pagesSettled({ etcd, clock }: World): Promise<Finding> {
  const began = clock.now().getTime();
  let last: ReadonlyMap<string, number> | undefined;
  return untilHolds(clock, { limitMs: settleLimitMs, intervalMs: settleIntervalMs }, async () => {
    const now = new Map(answering(await etcd.look()).map(({ member, status }) => [member, status.dbSizeInUseBytes]));
    const mayBeUnlike = clock.now().getTime() - began >= unlikeLimitMs;
    const busy = new Set([...falling(now, last), ...(mayBeUnlike ? [] : unlike(now))]);
    last = now;
    if (now.size === 0) return fails('No member answers, so it is not known whether any still removes what was compacted.');
    return that(busy.size === 0, `${list([...busy])} still ${busy.size === 1 ? 'removes' : 'remove'} what was compacted.`);
  });
}

function falling(now: ReadonlyMap<string, number>, last: ReadonlyMap<string, number> | undefined): readonly string[] {
  return [...now]
    .filter(([member, inUse]) => {
      const before = last?.get(member) ?? Infinity;
      return before === Infinity || before - inUse > Math.max(before * settledWithin.share, settledWithin.bytes);
    })
    .map(([member]) => member);
}

function unlike(now: ReadonlyMap<string, number>): readonly string[] {
  const alike = Math.min(...now.values()) * alikeWithin.factor + alikeWithin.bytes;
  return [...now].filter(([, inUse]) => inUse > alike).map(([member]) => member);
}
