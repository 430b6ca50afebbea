/** Makes a backup of API 2 on a member's host, and says whether it can be restored from. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Host } from '../../host/host.ts';
import type { V2BackupFacts } from '../../host/v2.ts';
import type { MemberName } from '../../ids.ts';
import { hasApplied } from '../running/applied.ts';
import { lookTwice } from '../running/patience.ts';
import type { V2Source } from './v2-source.ts';
import { mixedReason } from './v2-words.ts';
import { bytesInWords, plural } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** Settles what was written, waits until this member has it, and backs its data-dir up. Gives a remark for the thread. */
export async function makeV2Backup({ member, raftIndex }: V2Source, host: Host, world: World): Promise<string> {
  const { quorum } = await lookTwice(world);
  const settled = quorum.holds && raftIndex > 0n ? await settle(world, member) : undefined;
  await host.do({ act: 'v2-backup' });
  if (settled === undefined)
    return `The last writes could not be settled before (${quorum.holds ? `${member} is stopped` : quorum.sentence}), so a few of them may not be in it.`;
  return settled.applied
    ? `All that was written before raft index ${settled.raftIndex} is in it.`
    : `${member} had not caught up with raft index ${settled.raftIndex}: the last writes may not be in it.`;
}

async function settle(world: World, member: MemberName): Promise<{ readonly raftIndex: bigint; readonly applied: boolean }> {
  const { raftIndex } = await world.etcd.v2.settle();
  return { raftIndex, applied: await hasApplied(world, member, raftIndex) };
}

/** It is whole, of API 2 alone, and etcd would start from it. */
export function v2BackupUsable(where: string, facts: V2BackupFacts | undefined): Finding {
  if (facts === undefined) return fails(`There is no backup on ${where}.`);
  const { v3, commitIndex, snapshotIndex, walFiles, bytes } = facts;
  const usable = allOf([
    that(!v3.held, `The backup on ${where} cannot be used: ${mixedReason}.`),
    that(
      commitIndex === undefined || commitIndex >= snapshotIndex,
      `The backup on ${where} cannot be used: its log counts up to index ${commitIndex}, and its snapshot is of index ${snapshotIndex}, so etcd would not start from it. \`etcdctl backup\` makes such ones where API 3 is written to as well: take another.`,
    ),
  ]);
  if (!usable.holds) return usable;
  const from = snapshotIndex === 0n ? 'no snapshot' : `a snapshot of index ${snapshotIndex}`;
  return holds(
    `Read back on ${where}: ${plural(walFiles, 'WAL file')}, ${from}, ${bytesInWords(bytes)}, log up to index ${commitIndex ?? 'unknown'}, no data of API 3.`,
  );
}
