import { describe, expect, it } from 'vitest';
import { MemberName } from '../../../src/ids.ts';
import { quorumWithout } from '../../../src/procedures/running/quorum-without.ts';
import { fakeWorld } from '../../fakes/world.ts';
import { membershipOf } from '../full-world.ts';

const named = (...names: string[]) => names.map((name) => MemberName.parse(name));

describe('quorumWithout', () => {
  it.each([
    [3, [], ['etcd01'], true],
    [3, ['etcd03'], ['etcd01'], false],
    [3, ['etcd03'], ['etcd03'], true],
    [5, [], ['etcd01', 'etcd02'], true],
    [5, ['etcd05'], ['etcd01', 'etcd02'], false],
    [1, [], ['etcd01'], false],
    [2, [], ['etcd02'], false],
  ])('of %i members with %j down, without %j: %s', async (members, down, without, expected) => {
    const world = fakeWorld({ members });
    for (const member of down) world.machine(member).unit.active = false;

    expect(quorumWithout(await world.etcd.look(), named(...without)).holds).toBe(expected);
  });

  it('does not count a learner', async () => {
    const world = fakeWorld();
    for (const row of membershipOf(world).members.values()) if (row.name === 'etcd03') row.isLearner = true;

    expect(quorumWithout(await world.etcd.look(), named('etcd02'))).toEqual({
      holds: false,
      because: 'Without etcd02 1 of 2 voters is left, and 2 are needed.',
    });
  });
});
