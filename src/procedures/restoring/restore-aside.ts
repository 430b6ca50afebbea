/** Hands the snapshot to every host and restores it beside the present data, all hosts at the same time; nothing present is touched. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { Delivery, Host, RestoreOrder } from '../../host/host.ts';
import { inParallel } from '../in-parallel.ts';
import { bumpRemark, readHosts } from './preflight.ts';
import type { PutBack } from './put-back.ts';
import type { SnapshotFile } from '../../snapshots/snapshots.ts';
import { list } from '../words.ts';
import type { ConfiguredMember, World } from '../world.ts';

/** What is lost, and what the revisions will do. */
export async function outlook({ loses }: PutBack, { hosts }: World): Promise<Finding> {
  const { remark } = bumpRemark(await readHosts(hosts));
  return holds(`This restore loses ${loses}. ${remark}`);
}

function delivery({ path, bytes, sha256 }: SnapshotFile, { runId }: World, host: Host): Delivery {
  return { localPath: path, remotePath: host.paths(runId).snapshot, bytes, sha256 };
}

export async function planHandOut(order: PutBack, world: World): Promise<readonly PlannedCommand[]> {
  const file = await order.source();
  return world.hosts.flatMap((host) => host.commands.receive(delivery(file, world, host)));
}

export async function handOut(order: PutBack, world: World, progress: Progress): Promise<void> {
  const file = await order.source();
  const state = new Map<string, string>();
  await inParallel(world.hosts, async (host) => {
    await host.receive(delivery(file, world, host), (text) => {
      state.set(host.member, text);
      progress([...state].map(([member, said]) => `${member} ${said}`).join(', '));
    });
  });
}

export async function handedOut({ source }: PutBack, { hosts, runId }: World): Promise<Finding> {
  const { sha256 } = await source();
  const findings = await Promise.all(
    hosts.map(async (host) => that(await host.has(host.paths(runId).snapshot), `${host.member} does not have the snapshot yet.`)),
  );
  const all = allOf(findings);
  return all.holds ? holds(`The same sha256 on every host: ${sha256.slice(0, 12)}….`) : all;
}

/** All members from the same file, each with its own name and peer URL, a new token: https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster */
async function restoreOrders({ source, token, bumpRevisionBy }: PutBack, { hosts, cluster, runId }: World) {
  const [ready, { kind }] = await Promise.all([readHosts(hosts), source()]);
  const { can } = bumpRemark(ready);
  const initialCluster = initialClusterOf(cluster.members);
  return ready.map(({ host, facts }) => {
    const member = cluster.members.find(({ name }) => name === host.member);
    if (member === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${host.member} in config.yaml.`);
    const order: RestoreOrder = {
      snapshotPath: host.paths(runId).snapshot,
      intoDir: host.paths(runId).restored,
      memberName: member.name,
      peerUrl: member.peerUrl,
      initialCluster,
      initialClusterToken: token,
      ...(can && { bumpRevisionBy }),
      // Only where there is no hash that could be checked.
      ...(kind === 'database-copy' && { skipHashCheck: true }),
    };
    return { host, facts, order };
  });
}

/** `etcd01=https://…,etcd02=https://…`. */
export function initialClusterOf(members: readonly Pick<ConfiguredMember, 'name' | 'peerUrl'>[]): string {
  return members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
}

export async function planRestoreAside(putBack: PutBack, world: World): Promise<readonly PlannedCommand[]> {
  const orders = await restoreOrders(putBack, world);
  return orders.flatMap(({ host, facts, order }) => host.commands.restoreSnapshot(order, facts.tool));
}

export async function restoreAside(putBack: PutBack, world: World): Promise<void> {
  const orders = new Map((await restoreOrders(putBack, world)).map(({ host, order }) => [host, order]));
  const { sha256 } = await putBack.source();
  await inParallel(world.hosts, async (host) => {
    const order = orders.get(host);
    if (order === undefined) return;
    if (order.skipHashCheck === true) await demandWhole(host, order.snapshotPath, sha256);
    await host.restoreSnapshot(order);
  });
}

/** etcd's tool looks at no hash of a copied database: what a host that lost its power has left of one would be restored as it is. */
async function demandWhole(host: Host, path: string, sha256: string): Promise<void> {
  const found = await host.fileSha256(path);
  if (found === sha256) return;
  throw new OpsError(
    'SNAPSHOT_INVALID',
    `${path} on ${host.member} has sha256 ${found ?? 'none, it is gone'}, not ${sha256}: nothing is restored from it.`,
    {
      hint: 'It was whole when it was handed over, so the host has lost it since. Abort, and start again.',
    },
  );
}

/** Every host has restored data at the expected revision, and all have the same hash and number of keys. */
export async function restoredAside({ source, bumpRevisionBy }: PutBack, { hosts, runId }: World): Promise<Finding> {
  const restored = await Promise.all(hosts.map(async (host) => ({ host, facts: await host.restored(host.paths(runId).restored) })));
  const missing = restored.filter(({ facts }) => facts === undefined).map(({ host }) => host.member);
  if (missing.length > 0) return fails(`${list(missing)} has no restored data yet.`);
  const { revision } = await source();
  // Which of the two it is depends on the tools; that it is the same everywhere is what counts.
  const possible = [revision, revision + bumpRevisionBy];
  const expected = restored[0]?.facts?.revision;
  const findings = restored.map(({ host, facts }) =>
    that(
      facts !== undefined && facts.revision === expected && possible.includes(facts.revision),
      `${host.member} has restored revision ${facts?.revision}, expected is ${possible.join(' or ')}, the same on every host.`,
    ),
  );
  const hashes = new Set(restored.map(({ facts }) => `${facts?.hash} ${facts?.totalKeys}`));
  findings.push(
    that(
      hashes.size === 1,
      `The restored data differs: ${restored.map(({ host, facts }) => `${host.member} has hash ${facts?.hash} over ${facts?.totalKeys} keys`).join(', ')}.`,
    ),
  );
  const all = allOf(findings);
  return all.holds ? holds(`Revision ${expected} and hash ${restored[0]?.facts?.hash} on every host, beside the present data.`) : all;
}
