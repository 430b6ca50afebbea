/** Hands the snapshot to every host and restores it beside the present data, all hosts at the same time; nothing present is touched. */
import type { PlannedCommand } from '../engine/command.ts';
import { allOf, fails, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import type { Delivery, Host, RestoreOrder } from '../host/host.ts';
import { inParallel } from './in-parallel.ts';
import { bumpRemark, readHosts } from './preflight.ts';
import type { PreparedRestore } from './restore.ts';
import { list } from './words.ts';
import type { World } from './world.ts';

/** What is lost, and what the revisions will do. */
export async function outlook(prepared: PreparedRestore, { hosts }: World): Promise<Finding> {
  const { remark } = bumpRemark(await readHosts(hosts));
  return holds(`This restore loses ${prepared.loses}. ${remark}`);
}

async function delivery(prepared: PreparedRestore, { snapshots, runId }: World, host: Host): Promise<Delivery> {
  const record = await snapshots.find(prepared.snapshot);
  return { localPath: record.path, remotePath: host.paths(runId).snapshot, bytes: record.bytes, sha256: prepared.sha256 };
}

export async function planHandOut(prepared: PreparedRestore, world: World): Promise<readonly PlannedCommand[]> {
  const plans = await Promise.all(world.hosts.map(async (host) => host.commands.receive(await delivery(prepared, world, host))));
  return plans.flat();
}

export async function handOut(prepared: PreparedRestore, world: World, progress: Progress): Promise<void> {
  const state = new Map<string, string>();
  await inParallel(world.hosts, async (host) => {
    await host.receive(await delivery(prepared, world, host), (text) => {
      state.set(host.member, text);
      progress([...state].map(([member, said]) => `${member} ${said}`).join(', '));
    });
  });
}

export async function handedOut(prepared: PreparedRestore, { hosts, runId }: World): Promise<Finding> {
  const findings = await Promise.all(
    hosts.map(async (host) =>
      that((await host.fileSha256(host.paths(runId).snapshot)) === prepared.sha256, `${host.member} does not have the snapshot yet.`),
    ),
  );
  const all = allOf(findings);
  return all.holds ? holds(`The same sha256 on every host: ${prepared.sha256.slice(0, 12)}….`) : all;
}

/** All members from the same file, each with its own name and peer URL, a new token: https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster */
function order(prepared: PreparedRestore, { cluster, runId }: World, host: Host, canBump: boolean): RestoreOrder {
  const member = cluster.members.find(({ name }) => name === host.member);
  if (member === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${host.member} in config.yaml.`);
  return {
    snapshotPath: host.paths(runId).snapshot,
    intoDir: host.paths(runId).restored,
    memberName: member.name,
    peerUrl: member.peerUrl,
    initialCluster: cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
    initialClusterToken: prepared.token,
    ...(canBump && { bumpRevisionBy: BigInt(prepared.bumpRevisionBy) }),
  };
}

export async function planRestoreAside(prepared: PreparedRestore, world: World): Promise<readonly PlannedCommand[]> {
  const ready = await readHosts(world.hosts);
  const { can } = bumpRemark(ready);
  return ready.flatMap(({ host, facts }) => host.commands.restoreSnapshot(order(prepared, world, host, can), facts.tool));
}

export async function restoreAside(prepared: PreparedRestore, world: World): Promise<void> {
  const { can } = bumpRemark(await readHosts(world.hosts));
  await inParallel(world.hosts, (host) => host.restoreSnapshot(order(prepared, world, host, can)));
}

/** Every host has restored data at the expected revision, and all have the same hash and number of keys. */
export async function restoredAside(prepared: PreparedRestore, world: World): Promise<Finding> {
  const { hosts, runId, snapshots } = world;
  const restored = await Promise.all(hosts.map(async (host) => ({ host, facts: await host.restored(host.paths(runId).restored) })));
  const missing = restored.filter(({ facts }) => facts === undefined).map(({ host }) => host.member);
  if (missing.length > 0) return fails(`${list(missing)} has no restored data yet.`);
  const record = await snapshots.find(prepared.snapshot);
  // Which of the two it is depends on the tools; that it is the same everywhere is what counts.
  const possible = [record.revision, record.revision + BigInt(prepared.bumpRevisionBy)];
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
