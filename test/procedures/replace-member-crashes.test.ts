/** Replacements of every kind, killed at every place. */
import { expect } from 'vitest';
import { MemberId } from '../../src/ids.ts';
import { replaceMember } from '../../src/procedures/replace-member.ts';
import { describeCrashPoints } from './crash-points.ts';
import { allServe, aside, failed, fresh, gated, input, keepOld, rows, spoiled } from './replacing.ts';

describeCrashPoints({ procedure: replaceMember, world: () => failed(), input, gated, restored: allServe });

describeCrashPoints({
  procedure: replaceMember,
  world: () => {
    const world = failed();
    // Its disk is whole again, but the data on it is of no use any more.
    world.machine('etcd03').dirs.set(world.site.dataDir, { identity: '8:900', data: spoiled(world) });
    world.site.memberships.get('etcd-cluster')?.members.delete(MemberId.parse('a2'));
    return world;
  },
  input,
  answers: keepOld,
  gated,
  restored: (world) => {
    allServe(world);
    expect(world.machine('etcd03').dirs.has(aside)).toBe(true);
  },
});

describeCrashPoints({
  procedure: replaceMember,
  world: () => failed({ lost: ['etcd03'] }),
  input,
  answers: (gate) => (gate.kind === 'approval' ? 'reject' : undefined),
  outcome: 'rejected',
  gated,
  restored: (world) => expect(rows(world)).toEqual(rows(fresh())),
});

describeCrashPoints({
  procedure: replaceMember,
  world: () => {
    const world = fresh();
    world.machine('etcd03').unit.active = false;
    return world;
  },
  input: { ...input, 'discard-data': true },
  gated,
  restored: allServe,
});

describeCrashPoints({
  procedure: replaceMember,
  world: fresh,
  input: { ...input, healthy: true },
  gated,
  restored: allServe,
});

describeCrashPoints({
  procedure: replaceMember,
  world: () => failed({ members: 5, lost: ['etcd03', 'etcd05'] }),
  input: { ...input, 'also-remove': 'etcd05' },
  gated,
  restored: (world) => {
    expect(rows(world).map(({ name }) => name)).toEqual(['etcd01', 'etcd02', 'etcd04', 'etcd03']);
    expect(world.machine('etcd05').unit).toEqual({ active: false, masked: true });
  },
});
