/** Hands the snapshot to every host and restores it beside the present data, all hosts at the same time; nothing present is touched. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Progress } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { Delivery, Host, RestoredFacts, RestoreOrder } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import type { ActsOf } from '../host-plans.ts';
import { inParallel } from '../in-parallel.ts';
import { bumpRemark, toolsOf } from './preflight.ts';
import type { PutBack } from './put-back.ts';
import type { MemberName } from '../../ids.ts';
import type { SnapshotFile } from '../../snapshots/snapshots.ts';
import { list } from '../../engine/words.ts';
import type { ConfiguredMember, World } from '../world.ts';

/** What is lost, and what the revisions will do. */
export async function outlook({ loses }: PutBack, { hosts }: World): Promise<Finding> {
  const { remark } = bumpRemark(await toolsOf(hosts));
  return holds(`This restore loses ${loses}. ${remark}`);
}

function deliveryOf({ path, bytes, sha256 }: Pick<SnapshotFile, 'path' | 'bytes' | 'sha256'>): Delivery {
  return { localPath: path, bytes, sha256 };
}

/** The first of the acts that make the restored data. */
export async function receiving({ source }: Pick<PutBack, 'source'>): Promise<ActsOf> {
  const delivery = deliveryOf(await source());
  return () => [{ act: 'receive', delivery }];
}

export async function planHandOut(order: PutBack, world: World): Promise<readonly PlannedCommand[]> {
  return planOn(world.hosts, await receiving(order));
}

export async function handOut(order: PutBack, world: World, progress: Progress): Promise<void> {
  const [file, restore] = await Promise.all([order.source(), restoring(order, world)]);
  const delivery = deliveryOf(file);
  const restored = { run: world.runId, what: 'restored' } as const;
  const state = new Map<string, string>();
  await inParallel(world.hosts, async (host) => {
    const said = (text: string) => {
      state.set(host.member, text);
      progress([...state].map(([member, words]) => `${member} ${words}`).join(', '));
    };
    await host.handOver(delivery, said, { restored, plan: { acts: restore(host), assuming: [{ act: 'receive', delivery }] } });
  });
}

export async function handedOut({ source }: PutBack, { hosts, runId }: World): Promise<Finding> {
  const { sha256 } = await source();
  const findings = await Promise.all(
    hosts.map(async (host) => that(await host.has({ run: runId, what: 'snapshot' }), `${host.member} does not have the snapshot yet.`)),
  );
  const all = allOf(findings);
  return all.holds ? holds(`The same sha256 on every host: ${sha256.slice(0, 12)}….`) : all;
}

/** All members from the same file, each with its own name and peer URL, a new token: https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster */
async function restoreOrders(
  { source, token, bumpRevisionBy }: PutBack,
  { hosts, cluster }: World,
): Promise<ReadonlyMap<MemberName, RestoreOrder>> {
  const [ready, { kind, sha256 }] = await Promise.all([toolsOf(hosts), source()]);
  const { can } = bumpRemark(ready);
  const initialCluster = initialClusterOf(cluster.members);
  const orders = ready.map(({ host }): readonly [MemberName, RestoreOrder] => {
    const member = cluster.members.find(({ name }) => name === host.member);
    if (member === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${host.member} in config.yaml.`);
    const order = {
      memberName: member.name,
      peerUrl: member.peerUrl,
      initialCluster,
      initialClusterToken: token,
      ...(can && { bumpRevisionBy }),
      // Only where there is no hash that could be checked.
      ...(kind === 'database-copy' && { withoutHashCheck: { sha256 } }),
    };
    return [member.name, order];
  });
  return new Map(orders);
}

/** `etcd01=https://…,etcd02=https://…`. */
export function initialClusterOf(members: readonly Pick<ConfiguredMember, 'name' | 'peerUrl'>[]): string {
  return members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
}

async function restoring(putBack: PutBack, world: World): Promise<ActsOf> {
  const orders = await restoreOrders(putBack, world);
  return ({ member }) => {
    const order = orders.get(member);
    return order === undefined ? [] : [{ act: 'restore', order }];
  };
}

/** All that makes the restored data, for the plan of what comes after. */
export async function makingRestored(putBack: PutBack, world: World): Promise<ActsOf> {
  const [receive, restore] = await Promise.all([receiving(putBack), restoring(putBack, world)]);
  return (host) => [...receive(host), ...restore(host)];
}

export async function planRestoreAside(putBack: PutBack, world: World): Promise<readonly PlannedCommand[]> {
  const [restore, receive] = await Promise.all([restoring(putBack, world), receiving(putBack)]);
  return planOn(world.hosts, restore, receive);
}

export async function restoreAside(putBack: PutBack, world: World): Promise<void> {
  const orders = await restoreOrders(putBack, world);
  await inParallel(world.hosts, async (host) => {
    const order = orders.get(host.member);
    if (order !== undefined) await host.do({ act: 'restore', order }, { restored: { run: world.runId, what: 'restored' } });
  });
}

/** What a host has restored, read by etcd's own tool. */
export interface Restored {
  readonly host: Host;
  readonly facts: RestoredFacts | undefined;
}

export async function readRestored({ hosts, runId }: Pick<World, 'hosts' | 'runId'>): Promise<readonly Restored[]> {
  return await Promise.all(hosts.map(async (host) => ({ host, facts: await host.restored({ run: runId, what: 'restored' }) })));
}

/** Every host has restored data at the expected revision, and all have the same hash and number of keys. */
export async function restoredAside(order: PutBack, world: World): Promise<Finding> {
  const file = await order.source();
  return judgeRestored(order, file, await readRestored(world));
}

/** The same of what was read already. */
export function judgeRestored(
  { bumpRevisionBy }: Pick<PutBack, 'bumpRevisionBy'>,
  { revision }: Pick<SnapshotFile, 'revision'>,
  restored: readonly Restored[],
): Finding {
  const missing = restored.filter(({ facts }) => facts === undefined).map(({ host }) => host.member);
  if (missing.length > 0) return fails(`${list(missing)} has no restored data yet.`);
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
