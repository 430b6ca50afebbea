/** Clusters in memory that have lost their quorum and have a snapshot, for the tests of the restore. */
import { approveAll } from '../fakes/run.ts';
import type { Answers } from '../fakes/run.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** A snapshot at revision 7, three more revisions seen, then two of three members lose their data. */
export function quorumLost(options: { members?: number } = {}): FakeWorld {
  const world = fakeWorld(options);
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data to keep');
  world.snapshots.keep(data, new Date(world.clock.now().getTime() - 12 * 60_000));
  void world.ledger.observe(10n);
  for (const member of [...world.site.machines.keys()].slice(-Math.ceil(world.site.machines.size / 2))) world.loseData(member);
  return world;
}

export function valuesOf(world: FakeWorld): (string | undefined)[] {
  return [...world.site.machines.values()].map((machine) => machine.dirs.get(world.site.dataDir)?.data?.keys.get('/name/1')?.value);
}

export const keepOld: Answers = (gate) => (gate.stepId === 'delete-old-data' ? 'silence' : approveAll(gate));
