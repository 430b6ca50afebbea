/** A cluster in memory that has reached its quota: history fills it, and the alarm NOSPACE is raised. */
import type { Alarm } from '../../src/etcd/etcd.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { MemberId } from '../../src/ids.ts';
import type { Data } from '../fakes/machine.ts';
import type { Membership } from '../fakes/membership.ts';

/** How large each member's database is when it is full. */
export const fullBytes = 2_200_000_000;

/** A world with every member full; etcd01 (member id a0) leads. */
export function fullWorld({ members = 3, run = 'recover-space-demo-7f3a9c' }: { members?: number; run?: string } = {}): FakeWorld {
  const world = fakeWorld({ members, run });
  for (const data of dataOf(world)) {
    data.revision = 50_000n;
    data.dbSizeBytes = fullBytes;
    data.dbSizeInUseBytes = 2_100_000_000;
  }
  raise(world, 'NOSPACE', 'a0');
  return world;
}

/** Every member's data. */
export function dataOf(world: FakeWorld): Data[] {
  return [...world.site.machines.values()].flatMap((machine) => machine.dirs.get(world.site.dataDir)?.data ?? []);
}

/** The cluster's members and alarms. */
export function membershipOf(world: FakeWorld): Membership {
  const membership = world.site.memberships.get('etcd-cluster');
  if (membership === undefined) throw new Error('no membership');
  return membership;
}

/** Raises an alarm. */
export function raise(world: FakeWorld, type: Alarm['type'], member: string): void {
  membershipOf(world).alarms.push({ type, memberId: MemberId.parse(member) });
}
