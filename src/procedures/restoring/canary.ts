/** A write that proves a cluster serves again: one key, read back from every member's own store. */
import { allOf, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { World } from '../world.ts';

/** What all keys begin with that are the bot's own. */
export const ownKeys = '/etcd-medic/';

/** Written and removed again; its value is the run's id. */
export const canaryKey = `${ownKeys}canary`;

/** Whether every member has this run's canary in its own store. */
export async function canaryReadable({ etcd, hosts, runId }: Pick<World, 'etcd' | 'hosts' | 'runId'>): Promise<Finding> {
  const findings = await Promise.all(
    hosts.map(async ({ member }) =>
      that((await etcd.get(canaryKey, { from: member }))?.value === runId, `${member} does not have the canary yet.`),
    ),
  );
  const all = allOf(findings);
  return all.holds ? holds('The canary was written and read back from every member.') : all;
}

/** Whether no member has the canary any more: the proof that a delete is taken and spread too. */
export async function canaryGone({ etcd, hosts }: Pick<World, 'etcd' | 'hosts'>): Promise<Finding> {
  const findings = await Promise.all(
    hosts.map(async ({ member }) => that((await etcd.get(canaryKey, { from: member })) === undefined, `${member} still has the canary.`)),
  );
  return allOf(findings);
}
