/** Many clusters in memory, shared by several workers, with a record of which run did what, and of how many workers carried a run at once. */
import type { RunId } from '../../src/ids.ts';
import { ClusterName } from '../../src/ids.ts';
import type { OpenWorld, WorldOrder } from '../../src/wiring/worlds.ts';
import { Effects } from '../fakes/effects.ts';
import { fakeEtcd } from '../fakes/etcd.ts';
import { fakeHost } from '../fakes/host.ts';
import { fakeWorld } from '../fakes/world.ts';
import type { FakeWorld } from '../fakes/world.ts';

/** The clusters, and what runs did to them. */
export interface FakeFleet {
  readonly clusters: readonly ClusterName[];
  /** For `startWorker`: every worker gets the same. */
  openWorld(order: WorldOrder): OpenWorld;
  /** What each run changed, in order. */
  readonly effectsOf: ReadonlyMap<RunId, readonly string[]>;
  /** Runs that two workers carried at the same time. */
  readonly doubled: ReadonlySet<RunId>;
}

/** Makes as many clusters of three members as asked for. */
export function fakeFleet(count: number): FakeFleet {
  const worlds = new Map<string, FakeWorld>();
  const clusters = Array.from({ length: count }, (_, index) => ClusterName.parse(`c${String(index).padStart(2, '0')}`));
  for (const cluster of clusters) worlds.set(cluster, fakeWorld({ run: `backup-${cluster}-000000` }));
  const effectsOf = new Map<RunId, string[]>();
  const open = new Map<RunId, number>();
  const doubled = new Set<RunId>();
  return {
    clusters,
    effectsOf,
    doubled,
    openWorld({ cluster, runId }) {
      const base = worlds.get(cluster);
      if (base === undefined) throw new Error(`the fleet has no cluster ${cluster}`);
      const { site, snapshots } = base;
      const effects = new Effects();
      const others = open.get(runId) ?? 0;
      if (others > 0) doubled.add(runId);
      open.set(runId, others + 1);
      const hosts = [...site.machines.values()].map((machine) =>
        fakeHost({ machine, site, effects, run: runId, contentOf: (sha256) => snapshots.contents.get(sha256) }),
      );
      const world = { ...base, runId, cluster: { ...base.cluster, name: cluster }, etcd: fakeEtcd({ site, effects }), hosts };
      return {
        world,
        close: async () => {
          open.set(runId, (open.get(runId) ?? 1) - 1);
          effectsOf.set(runId, [...(effectsOf.get(runId) ?? []), ...effects.log]);
        },
      };
    },
  };
}
