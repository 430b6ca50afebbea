/** Of which member a backup of API 2 is made, and what is known of it then. */
import { z } from 'zod';
import { OpsError, isOpsError } from '../../errors.ts';
import { ClusterId, MemberName } from '../../ids.ts';
import { placeOf } from '../replacing/joining-host.ts';
import { chooseSource } from '../restoring/safety-snapshot.ts';
import type { World } from '../world.ts';

/** What is settled when a backup of API 2 begins. */
export const V2Source = z.object({
  member: MemberName,
  clusterId: ClusterId.nullable(),
  etcdVersion: z.string(),
  /** What the member had applied then; 0 when it was stopped. */
  raftIndex: z.string().transform(BigInt),
  /** Keys in its store; null when they could not be counted. */
  keys: z.number().nullable(),
});
export type V2Source = z.infer<typeof V2Source>;

/**
 * A follower that has caught up, or the member that was asked for, which may be stopped: its data-dir is backed up as it lies there.
 * @throws OpsError ETCD_API_NOT_SERVED with what the version can and cannot do, INPUT_INVALID, ETCD_UNREACHABLE
 */
export async function chooseV2Source(world: World, from: MemberName | undefined): Promise<z.input<typeof V2Source>> {
  const { endpoints } = await world.etcd.look();
  const asked = endpoints.find(({ member }) => member === from);
  if (asked !== undefined && !asked.answers && asked.code === 'refused') return await stoppedSource(world, asked.member);
  const { source, status } = await chooseSource(world, from);
  return {
    member: source.member,
    clusterId: source.clusterId,
    etcdVersion: source.etcdVersion,
    raftIndex: String(status.raftAppliedIndex),
    keys: await keysOf(world, source.member),
  };
}

async function keysOf({ etcd }: World, member: MemberName): Promise<number | null> {
  try {
    return (await etcd.v2.contents(member)).keys ?? null;
  } catch (error) {
    // That they cannot be counted keeps nobody from backing them up; that there is no API 2 does.
    if (!isOpsError(error) || error.code === 'ETCD_API_NOT_SERVED') throw error;
    return null;
  }
}

async function stoppedSource(world: World, member: MemberName): Promise<z.input<typeof V2Source>> {
  const { host } = placeOf(world, member);
  const { enabled, tool } = await host.v2.settings();
  if (!enabled) {
    throw new OpsError(
      'ETCD_API_NOT_SERVED',
      `etcd ${tool.version} on ${member} is not set to serve API 2 (--enable-v2), so there is nothing of it to back up.`,
    );
  }
  return { member, clusterId: null, etcdVersion: tool.version, raftIndex: '0', keys: null };
}
