import { expect } from 'vitest';
import { recoverQuorum } from '../../src/procedures/recover-quorum.ts';
import { approveAll } from '../fakes/run.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';
import { dataLost, gated, oneHostOff, oneStopped, picking, run, stopped, valuesOf } from './lost-quorum.ts';

const allRun = (world: FakeWorld) => expect([...world.site.machines.values()].every(({ unit }) => unit.active && !unit.masked)).toBe(true);

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => stopped('etcd01', 'etcd02', 'etcd03'),
  answers: picking('start'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    allRun(world);
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd02', 'etcd03'),
  answers: (gate) => (gate.kind === 'choice' ? { choose: 'survivor' } : approveAll(gate)),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    allRun(world);
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: oneStopped,
  input: { source: 'survivor' },
  answers: picking('survivor'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', 'after the backup']);
    expect(world.snapshots.records[0]).toMatchObject({ kind: 'database-copy', run });
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd01', 'etcd02', 'etcd03'),
  answers: picking('snapshot'),
  gated,
  restored: (world) => {
    const all = [...world.site.machines.keys()];
    expect(valuesOf(world, '/name/1')).toEqual(all.map(() => 'test'));
    expect(valuesOf(world)).toEqual(all.map(() => undefined));
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: oneHostOff,
  answers: picking('survivor'),
  gated,
  restored: (world) => {
    expect(valuesOf(world)).toEqual(['after the backup', 'after the backup', undefined]);
    expect(world.machine('etcd01').settings.initialCluster).toBe('etcd01=https://198.51.100.1:2380,etcd02=https://198.51.100.2:2380');
  },
});

describeCrashPoints({
  procedure: recoverQuorum,
  world: () => dataLost('etcd02', 'etcd03'),
  answers: (gate) => (gate.kind === 'choice' ? { choose: 'survivor' } : 'reject'),
  outcome: 'rejected',
  gated,
  restored: (world) => {
    expect(world.machine('etcd01').unit).toEqual({ active: true, masked: false });
    expect(world.machine('etcd01').settings.initialClusterState).toBe('new');
    for (const { dirs, files } of world.site.machines.values())
      expect([...dirs.keys(), ...files.keys()].filter((path) => path.includes(run))).toEqual([]);
  },
});
