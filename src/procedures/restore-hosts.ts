/** What a restore does on the hosts: hand out, restore aside, swap, configure. All hosts at the same time; nothing is passed from step to step. */
import type { Approval } from '../engine/approval.ts';
import type { PlannedCommand } from '../engine/command.ts';
import { allOf, fails, holds, that } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import type { Facts, Progress } from '../engine/step.ts';
import { OpsError } from '../errors.ts';
import type { ClusterSettings, Delivery, Host, RestoreOrder } from '../host/host.ts';
import { bumpRemark, readHosts } from './preflight.ts';
import type { PreparedRestore } from './restore.ts';
import { bytesInWords, list } from './words.ts';
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
    hosts.map(async (host) => that((await host.fileSha256(host.paths(runId).snapshot)) === prepared.sha256, `${host.member} does not have the snapshot yet.`)),
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
  findings.push(that(hashes.size === 1, `The restored data differs: ${restored.map(({ host, facts }) => `${host.member} has hash ${facts?.hash} over ${facts?.totalKeys} keys`).join(', ')}.`));
  const all = allOf(findings);
  return all.holds ? holds(`Revision ${expected} and hash ${restored[0]?.facts?.hash} on every host, beside the present data.`) : all;
}

/** The two conditions under which data may be replaced: a checked replacement on every host, and no quorum (or the explicit word). */
export async function replacementAllowed(prepared: PreparedRestore, world: World): Promise<Finding> {
  const [replacement, { quorum }] = await Promise.all([restoredOrSwapped(prepared, world), world.etcd.look()]);
  const allowed = that(
    !quorum.holds || prepared.whileHealthy,
    `${world.cluster.name} has quorum (${quorum.sentence}): its data is not replaced. If that is really wanted, start again with --while-healthy.`,
  );
  return allOf([replacement, allowed]);
}

/** After a cut in the middle some hosts have their data in place already: those count as proven, they were before. */
async function restoredOrSwapped(prepared: PreparedRestore, world: World): Promise<Finding> {
  const waiting: Host[] = [];
  for (const host of world.hosts) if (!(await swapped(host, world))) waiting.push(host);
  return waiting.length === 0 ? holds() : restoredAside(prepared, { ...world, hosts: waiting });
}

/** What the approval rests on: the file, who answers, and which directories these are. */
export async function replacementFacts(prepared: PreparedRestore, { hosts, etcd, runId }: World): Promise<Facts> {
  const [{ endpoints }, dirs] = await Promise.all([
    etcd.look(),
    Promise.all(hosts.map(async (host) => ({ host, present: await host.dir(host.dataDir), restored: await host.dir(host.paths(runId).restored) }))),
  ]);
  const answering = endpoints.filter((endpoint) => endpoint.answers).map(({ member }) => member);
  const clusterIds = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.clusterId] : [])));
  return {
    snapshot: `${prepared.snapshot}, sha256 ${prepared.sha256}`,
    'members answering': answering.length === 0 ? 'none' : list(answering),
    'cluster id': clusterIds.size === 0 ? 'no member answers' : [...clusterIds].join(', '),
    ...Object.fromEntries(
      dirs.map(({ host, present, restored }) => [
        `data-dir on ${host.member}`,
        `${present.exists ? `${host.dataDir} is ${present.identity}` : `${host.dataDir} is missing`}; its replacement is ${restored.exists ? restored.identity : 'missing'}`,
      ]),
    ),
  };
}

/** First all stops, then all renames: the order in which they happen. */
export async function planReplaceData({ hosts, runId }: World): Promise<readonly PlannedCommand[]> {
  const units = await Promise.all(hosts.map(async (host) => ({ host, unit: await host.unit() })));
  return [...units.flatMap(({ host, unit }) => host.commands.stopAndMask(unit)), ...hosts.flatMap((host) => host.commands.swapDataDir(runId))];
}

export async function planStart({ hosts }: World): Promise<readonly PlannedCommand[]> {
  const units = await Promise.all(hosts.map(async (host) => ({ host, unit: await host.unit() })));
  return units.flatMap(({ host, unit }) => host.commands.unmaskAndStart(unit));
}

/** Stops and masks every member, proves it, and only then swaps: an old member that runs on would split the cluster. */
export async function replaceData({ hosts, runId }: World, approval: Approval): Promise<void> {
  await inParallel(hosts, (host) => host.stopAndMask(approval));
  const fenced = allOf(await Promise.all(hosts.map((host) => host.fenced())));
  if (!fenced.holds) throw new OpsError('FENCE_FAILED', `Not every member is proven to be stopped, so no data was touched: ${fenced.because}`);
  await inParallel(hosts, (host) => host.swapDataDir(runId, approval));
}

/** The old data (or an empty directory where there was none) is aside, the new is in place. */
async function swapped(host: Host, { runId }: Pick<World, 'runId'>): Promise<boolean> {
  const { aside, restored } = host.paths(runId);
  const [old, next, present] = await Promise.all([host.dir(aside), host.dir(restored), host.dir(host.dataDir)]);
  return old.exists && !next.exists && present.exists;
}

export async function dataReplaced({ hosts, runId }: World): Promise<Finding> {
  return allOf(await Promise.all(hosts.map(async (host) => that(await swapped(host, { runId }), `${host.member} does not have its data in place yet.`))));
}

function settings(prepared: PreparedRestore): ClusterSettings {
  return { initialClusterState: 'existing', initialClusterToken: prepared.token };
}

export async function planConfigure(prepared: PreparedRestore, { hosts }: World): Promise<readonly PlannedCommand[]> {
  return (await readHosts(hosts)).flatMap(({ host, facts }) => host.commands.configure(settings(prepared), facts.configuration));
}

/** Gives the difference it made in each host's settings. */
export async function configure(prepared: PreparedRestore, { hosts }: World): Promise<string> {
  const differences = new Map<string, string>();
  await inParallel(hosts, async (host) => differences.set(host.member, (await host.configure(settings(prepared))).difference));
  return hosts.flatMap(({ member }) => (differences.get(member) ? [`${member}:\n${differences.get(member)}`] : [])).join('\n');
}

export async function configured(prepared: PreparedRestore, { hosts }: World): Promise<Finding> {
  return allOf(await Promise.all(hosts.map((host) => host.configured(settings(prepared)))));
}

export async function cleanedUp({ hosts, runId }: World): Promise<Finding> {
  return allOf(await Promise.all(hosts.map(async (host) => that((await host.fileSha256(host.paths(runId).snapshot)) === undefined, `${host.member} still has the handed-out snapshot.`))));
}

/** The hosts that still have the old data. */
export async function keptAside({ hosts, runId }: Pick<World, 'hosts' | 'runId'>): Promise<readonly Host[]> {
  const dirs = await Promise.all(hosts.map(async (host) => ({ host, dir: await host.dir(host.paths(runId).aside) })));
  return dirs.filter(({ dir }) => dir.exists).map(({ host }) => host);
}

export async function asideGone(world: World): Promise<Finding> {
  const kept = await keptAside(world);
  return that(kept.length === 0, `The old data-dir is still on ${list(kept.map(({ member }) => member))}.`);
}

export async function asideFacts({ hosts, runId }: World): Promise<Facts> {
  const dirs = await Promise.all(hosts.map(async (host) => ({ host, dir: await host.dir(host.paths(runId).aside) })));
  return Object.fromEntries(dirs.map(({ host, dir }) => [`old data on ${host.member}`, dir.exists ? `${dir.path}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : 'none']));
}

/** Waits for all, also when one fails: nothing goes on unseen in the background. Then throws what went wrong, of every host. */
async function inParallel(hosts: readonly Host[], act: (host: Host) => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled(hosts.map(act));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length === 0) return;
  const [first] = errors;
  if (errors.length === 1 || !(first instanceof OpsError)) throw first;
  throw new OpsError(first.code, errors.map((error) => (error instanceof Error ? error.message : String(error))).join(' '), { hint: first.hint, cause: first });
}
