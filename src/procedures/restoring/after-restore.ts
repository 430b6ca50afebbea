/** What a restore does on the hosts once the data is in place: settings, clean-up, and what is kept of the old data. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { ChangeAct, ClusterSettings, DestroyAct, Foreseen, Host } from '../../host/host.ts';
import type { RunId } from '../../ids.ts';
import { nothing, planFrom, planOn } from '../host-plans.ts';
import type { ActsOf } from '../host-plans.ts';
import { inParallel } from '../in-parallel.ts';
import { whereInWords } from './data-dir-fact.ts';
import type { PutBack } from './put-back.ts';
import { bytesInWords, list } from '../../engine/words.ts';
import type { World } from '../world.ts';

type Settled = Pick<PutBack, 'token' | 'initialCluster'>;

/** `existing`, so that a member that loses its data later does not form a cluster of its own. */
export function settings({ token, initialCluster }: Settled): ClusterSettings {
  return { initialClusterState: 'existing', initialClusterToken: token, ...(initialCluster !== undefined && { initialCluster }) };
}

/** What a clean-up removes. */
export const scratch = [{ act: 'remove-scratch' }] as const satisfies readonly ChangeAct[];

const deletion = [{ act: 'delete-aside' }] as const satisfies readonly DestroyAct[];

/** What the card about the old data will ask. */
export function deletionForeseen(run: RunId): Foreseen {
  return { plan: { acts: deletion }, dir: { run, what: 'aside' } };
}

export async function planConfigure(order: Settled, { hosts }: World): Promise<readonly PlannedCommand[]> {
  return planOn(hosts, () => [{ act: 'settings', settings: settings(order) }]);
}

/** Gives the difference it made in each host's settings. */
export async function configure(order: Settled, { hosts }: World): Promise<string> {
  const differences = new Map<string, string>();
  await inParallel(hosts, async (host) => {
    const { difference = '' } = await host.do({ act: 'settings', settings: settings(order) }, { plan: { acts: scratch } });
    differences.set(host.member, difference);
  });
  return hosts.flatMap(({ member }) => (differences.get(member) ? [`${member}:\n${differences.get(member)}`] : [])).join('\n');
}

export async function configured(order: Settled, { hosts }: World): Promise<Finding> {
  return allOf(await Promise.all(hosts.map((host) => host.configured(settings(order)))));
}

export async function cleanedUp({ hosts, runId }: World): Promise<Finding> {
  return allOf(
    await Promise.all(
      hosts.map(async (host) =>
        that(!(await host.has({ run: runId, what: 'snapshot' })), `${host.member} still has the handed-out snapshot.`),
      ),
    ),
  );
}

/** The hosts that still have the old data. */
export async function keptAside({ hosts, runId }: Pick<World, 'hosts' | 'runId'>): Promise<readonly Host[]> {
  const looks = await Promise.all(hosts.map(async (host) => ({ host, kept: await host.has({ run: runId, what: 'aside' }) })));
  return looks.filter(({ kept }) => kept).map(({ host }) => host);
}

export async function asideGone(world: World): Promise<Finding> {
  const kept = await keptAside(world);
  return that(kept.length === 0, `The old data-dir is still on ${list(kept.map(({ member }) => member))}.`);
}

export async function asideFacts({ hosts, runId }: World): Promise<Facts> {
  const dirs = await Promise.all(hosts.map(async (host) => ({ host, dir: await host.dir({ run: runId, what: 'aside' }) })));
  return Object.fromEntries(
    dirs.map(({ host, dir }) => [
      `old data on ${host.member}`,
      dir.exists ? `${whereInWords(dir)}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : 'none',
    ]),
  );
}

/** `etcd01:/data/etcd/data.restore-prod-7f3a9c.old, …`: where what a run has moved aside lies; empty when nothing is kept. */
export async function asideInWords({ hosts, runId }: Pick<World, 'hosts' | 'runId'>): Promise<string> {
  const dirs = await Promise.all(hosts.map(async (host) => ({ host, dir: await host.dir({ run: runId, what: 'aside' }) })));
  return dirs.flatMap(({ host, dir }) => (dir.exists ? [`${host.member}:${whereInWords(dir)}`] : [])).join(', ');
}

/** To a plan that comes after, it is all the same what has taken the old data's place. */
export const dataReplacedActs: ActsOf = () => [{ act: 'fence' }, { act: 'put-aside' }];

/** What a plan takes as done before the old data is aside anywhere. From then on the hosts themselves say what is left. */
export async function untilAside(acts: ActsOf, world: Pick<World, 'hosts' | 'runId'>): Promise<ActsOf> {
  return (await keptAside(world)).length > 0 ? nothing : acts;
}

export async function planDeleteAside(world: World): Promise<readonly PlannedCommand[]> {
  return planFrom(world.hosts, () => deletion, {
    hasBegun: async () => (await keptAside(world)).length > 0,
    assuming: () => Promise.resolve(dataReplacedActs),
  });
}
