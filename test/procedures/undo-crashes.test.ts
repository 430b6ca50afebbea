/** Undoing, killed at every place. */
import { expect } from 'vitest';
import { undo } from '../../src/procedures/undo.ts';
import { describeCrashPoints } from './crash-points.ts';
import {
  everywhere,
  gated,
  input,
  recoveredFromSurvivor,
  recoveryRun,
  restoredAfterLoss,
  restoredWhileHealthy,
  tokensOf,
} from './undoable.ts';

describeCrashPoints({
  procedure: undo,
  world: () => restoredWhileHealthy(),
  input,
  gated,
  restored: (world) => {
    expect(everywhere(world, '/name/2')).toEqual(Array(3).fill('after the snapshot'));
    expect(everywhere(world, '/name/3')).toEqual(Array(3).fill(undefined));
    expect(tokensOf(world)).toEqual(Array(3).fill('etcd-cluster'));
    for (const { unit, dirs, settings } of world.site.machines.values()) {
      expect(unit).toEqual({ active: true, masked: false });
      expect([...dirs.keys()]).toEqual(['/data/etcd/data.undo-demo-aaaaaa.old', '/data/etcd/data']);
      expect(settings).toMatchObject({ initialClusterState: 'new', initialClusterToken: 'etcd-cluster' });
    }
  },
});

describeCrashPoints({
  procedure: undo,
  world: () => restoredAfterLoss('etcd03'),
  input,
  gated,
  restored: (world) => {
    expect(everywhere(world, '/name/2')).toEqual(['after the snapshot', 'after the snapshot', undefined]);
    expect(world.machine('etcd03').unit).toEqual({ active: false, masked: true });
  },
});

describeCrashPoints({
  procedure: undo,
  world: recoveredFromSurvivor,
  input: { run: recoveryRun },
  gated,
  restored: (world) => expect(tokensOf(world)).toEqual(Array(3).fill('etcd-cluster')),
});

describeCrashPoints({
  procedure: undo,
  world: () => restoredWhileHealthy(),
  input,
  answers: () => 'reject',
  outcome: 'rejected',
  gated,
  restored: (world) => {
    expect(everywhere(world, '/name/3')).toEqual(Array(3).fill('after the restore'));
    for (const { unit } of world.site.machines.values()) expect(unit).toEqual({ active: true, masked: false });
  },
});
