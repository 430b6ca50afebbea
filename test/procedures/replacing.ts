/** Clusters in memory that have lost a member, and what must hold when it was replaced. */
import { expect } from 'vitest';
import { MemberId } from '../../src/ids.ts';
import type { Data } from '../fakes/machine.ts';
import { approveAll } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** The words of most runs. */
export const input = { member: 'etcd03' };
/** Where a run puts the old data. */
export const aside = '/data/etcd/data.replace-member-demo-7f3a9c.old';
/** Effects that need an approval. */
export const gated = ['removeMember', 'putDataAside', 'deleteAside', 'stopAndMask', 'moveLeader'];

/** A healthy cluster. */
export function fresh(options: { members?: number } = {}): FakeWorld {
  return fakeWorld({ ...options, run: 'replace-member-demo-7f3a9c' });
}

/** Members have lost their data. */
export function failed(options: { members?: number; lost?: readonly string[] } = {}): FakeWorld {
  const world = fresh(options);
  for (const member of options.lost ?? ['etcd03']) world.loseData(member);
  return world;
}

/** What etcd03 had before, as a copy. */
export function spoiled(world: FakeWorld): Data {
  const { data } = world.machine('etcd01').dirs.get(world.site.dataDir) ?? {};
  if (data === undefined) throw new Error('no data to copy');
  return { ...data, memberId: MemberId.parse('a2'), keys: new Map() };
}

/** Says yes, but lets the old data be. */
export const keepOld: Answers = (gate) => (gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate));

/** The member list, in short. */
export function rows(world: FakeWorld): { name: string; isLearner: boolean; url: string | undefined }[] {
  return [...(world.site.memberships.get('etcd-cluster')?.members.values() ?? [])].map(({ name, isLearner, peerUrls }) => ({
    name,
    isLearner,
    url: peerUrls[0],
  }));
}

/** Every member has the data and a vote. */
export function allServe(world: FakeWorld): void {
  for (const { member, dirs } of world.site.machines.values())
    expect(dirs.get(world.site.dataDir)?.data?.keys.get('/name/1')?.value, member).toBe('test');
  expect(rows(world).map(({ isLearner }) => isLearner)).toEqual([...world.site.machines].map(() => false));
}
