/** What a restore does on the hosts once the data is in place: settings, clean-up, and what is kept of the old data. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import type { ClusterSettings, Host } from '../../host/host.ts';
import { inParallel } from '../in-parallel.ts';
import type { PutBack } from './put-back.ts';
import { bytesInWords, list } from '../words.ts';
import type { World } from '../world.ts';

type Settled = Pick<PutBack, 'token' | 'initialCluster'>;

/** `existing`, so that a member that loses its data later does not form a cluster of its own. */
export function settings({ token, initialCluster }: Settled): ClusterSettings {
  return { initialClusterState: 'existing', initialClusterToken: token, ...(initialCluster !== undefined && { initialCluster }) };
}

export async function planConfigure(order: Settled, { hosts }: World): Promise<readonly PlannedCommand[]> {
  const plans = await Promise.all(hosts.map(async (host) => host.commands.configure(settings(order), await host.configuration())));
  return plans.flat();
}

/** Gives the difference it made in each host's settings. */
export async function configure(order: Settled, { hosts }: World): Promise<string> {
  const differences = new Map<string, string>();
  await inParallel(hosts, async (host) => differences.set(host.member, (await host.configure(settings(order))).difference));
  return hosts.flatMap(({ member }) => (differences.get(member) ? [`${member}:\n${differences.get(member)}`] : [])).join('\n');
}

export async function configured(order: Settled, { hosts }: World): Promise<Finding> {
  return allOf(await Promise.all(hosts.map((host) => host.configured(settings(order)))));
}

export async function cleanedUp({ hosts, runId }: World): Promise<Finding> {
  return allOf(
    await Promise.all(
      hosts.map(async (host) => that(!(await host.has(host.paths(runId).snapshot)), `${host.member} still has the handed-out snapshot.`)),
    ),
  );
}

/** The hosts that still have the old data. */
export async function keptAside({ hosts, runId }: Pick<World, 'hosts' | 'runId'>): Promise<readonly Host[]> {
  const looks = await Promise.all(hosts.map(async (host) => ({ host, kept: await host.has(host.paths(runId).aside) })));
  return looks.filter(({ kept }) => kept).map(({ host }) => host);
}

export async function asideGone(world: World): Promise<Finding> {
  const kept = await keptAside(world);
  return that(kept.length === 0, `The old data-dir is still on ${list(kept.map(({ member }) => member))}.`);
}

export async function asideFacts({ hosts, runId }: World): Promise<Facts> {
  const dirs = await Promise.all(hosts.map(async (host) => ({ host, dir: await host.dir(host.paths(runId).aside) })));
  return Object.fromEntries(
    dirs.map(({ host, dir }) => [
      `old data on ${host.member}`,
      dir.exists ? `${dir.path}, ${bytesInWords(dir.sizeBytes)}, ${dir.identity}` : 'none',
    ]),
  );
}

export async function planStart({ hosts }: World): Promise<readonly PlannedCommand[]> {
  const units = await Promise.all(hosts.map(async (host) => ({ host, unit: await host.unit() })));
  return units.flatMap(({ host, unit }) => host.commands.unmaskAndStart(unit));
}
