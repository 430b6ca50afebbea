/** A cluster in memory with keys of both APIs that has lost its quorum, for the tests of the restore of API 2. */
import { createHash } from 'node:crypto';
import { copyOf } from '../fakes/machine.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

interface Options {
  readonly members?: number;
  /** How long ago a snapshot of API 3 was saved; */
  readonly snapshotAgeMs?: number | 'none';
  /** What the archive really holds of API 3. */
  readonly v3InArchive?: boolean;
}

/** Keys of both APIs, a backup of API 2, then two of three members lose their data. */
export function v2Lost({ members = 3, snapshotAgeMs = 60_000, v3InArchive = false }: Options = {}): FakeWorld {
  const world = fakeWorld({ run: 'v2-restore-demo-7f3a9c', members });
  for (const { dirs } of world.site.machines.values()) dirs.get(world.site.dataDir)?.data?.v2Keys.set('/name/2', 'two');
  const data = world.machine('etcd01').dirs.get(world.site.dataDir)?.data;
  if (data === undefined) throw new Error('no data');
  const archive = { ...copyOf(data), token: 'v2', revision: 0n };
  if (!v3InArchive) archive.keys.clear();
  const sha256 = createHash('sha256').update('archive').digest('hex');
  world.site.v2Archives.set(sha256, archive);
  const now = world.clock.now().getTime();
  world.snapshots.v2.keep(sha256, new Date(now - 12 * 60_000));
  if (snapshotAgeMs !== 'none') world.snapshots.keep(data, new Date(now - snapshotAgeMs));
  for (const member of [...world.site.machines.keys()].slice(-Math.ceil(members / 2))) world.loseData(member);
  return world;
}
