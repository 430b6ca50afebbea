/** What putting API 2 back costs: all that API 3 holds, and what API 2 got since the backup. */
import { fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { KeyCount } from '../../etcd/etcd.ts';
import type { MemberName } from '../../ids.ts';
import type { SnapshotRecord } from '../../snapshots/snapshots.ts';
import type { V2BackupRecord } from '../../snapshots/v2-backups.ts';
import { durationInWords, instantInWords, plural } from '../../engine/words.ts';
import { trusted } from '../restoring/stored.ts';
import type { World } from '../world.ts';

/** A snapshot of API 3 this young counts as saved: nobody could restore both into one cluster, so it is for another one. */
const freshMs = 60 * 60_000;

/** How many keys API 3 holds now; undefined when nobody can say, and then it is taken to hold some. */
export async function v3KeysNow({ etcd }: Pick<World, 'etcd'>): Promise<KeyCount | undefined> {
  try {
    return await etcd.countKeys();
  } catch (error) {
    if (isOpsError(error)) return undefined;
    throw error;
  }
}

/** For the gate card: what cannot be had back. */
export function v2LossInWords(record: V2BackupRecord, v3: KeyCount | undefined, now: Date): string {
  const lost =
    v3?.keys === 0
      ? `of API 3, ${v3.of === 'quorum' ? 'which holds no keys now' : `of which ${noKeysOn(v3.of)}`}, the users, roles and passwords`
      : `ALL DATA OF API 3: ${v3 === undefined ? 'every key' : plural(v3.keys, 'key')}, and its users, roles and passwords`;
  const age = durationInWords(now.getTime() - record.takenAt.getTime());
  const since = `everything written after ${instantInWords(record.takenAt)} (${age} ago)`;
  const ofV2 = record.doubts.length === 0 ? since : `what nobody can say for certain: ${record.doubts.join('; ')}`;
  return `${lost} (authentication of API 3 is off afterwards); of API 2 ${ofV2}. Member ids, cluster id, revisions and indexes begin anew`;
}

/** API 3 holds nothing, or it is saved, or its loss was asked for by its name. */
export async function v3MayGo({ loseV3 }: { readonly loseV3: boolean }, world: World): Promise<Finding> {
  const { cluster, clock } = world;
  const v3 = await v3KeysNow(world);
  if (v3?.keys === 0) return holds(v3.of === 'quorum' ? 'API 3 holds no keys.' : `Of API 3, ${noKeysOn(v3.of)}.`);
  const held = v3 === undefined ? 'may hold data of API 3 (it cannot be asked now)' : `holds ${plural(v3.keys, 'key')} of API 3`;
  if (loseV3) return holds(`${cluster.name} ${held}; --lose-v3 says that they may go.`);
  const fresh = await freshSnapshot(world);
  if (fresh !== undefined) {
    const age = durationInWords(clock.now().getTime() - fresh.takenAt.getTime());
    return holds(
      `${cluster.name} ${held}. They are in snapshot ${fresh.id}, ${age} old, which can be restored into another cluster: not into this one together with API 2.`,
    );
  }
  return fails(
    `${cluster.name} ${held}, and v2-restore begins a new cluster with the data of API 2 alone. Save it first (\`backup ${cluster.name}\`: a checked snapshot of the last hour counts), then press Retry; or start again with --lose-v3.`,
  );
}

/** Without a quorum nobody can say what all members hold. */
function noKeysOn(member: MemberName): string {
  return `${member} holds no keys (there is no quorum, and members that do not answer may hold some)`;
}

async function freshSnapshot({ snapshots, clock }: World): Promise<SnapshotRecord | undefined> {
  for (const record of trusted(await snapshots.list())) {
    if (clock.now().getTime() - record.takenAt.getTime() > freshMs) continue;
    if ((await snapshots.check(record)).holds) return record;
  }
  return undefined;
}
