/** Puts back etcd's settings as they were before a run: exactly those that it changed, where they still stand. */
import type { z } from 'zod';
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import type { ChangeAct, Host } from '../../host/host.ts';
import { planOn } from '../host-plans.ts';
import { inParallel } from '../in-parallel.ts';
import type { World } from '../world.ts';
import type { PreparedUndo } from './prepared.ts';
import type { Undone } from './undone.ts';

type Settled = Pick<PreparedUndo, 'settings'>;

/** What a person has changed since is left alone, and so is what nobody knows the old value of. */
export async function settingsToPutBack({ settingsOn }: Undone, { hosts }: World): Promise<z.input<typeof PreparedUndo>['settings']> {
  const settled = await Promise.all(
    hosts.map(async (host) => {
      const changed = settingsOn(host.member);
      if (changed === undefined || !(await host.configured(changed.set)).holds) return [];
      const before = changed.before ?? (await host.settingsBefore(changed.set));
      return before === undefined ? [] : [{ member: host.member, present: { ...changed.set }, before: { ...before } }];
    }),
  );
  return settled.flat();
}

function hostOf({ hosts, cluster }: World, member: Host['member']): Host {
  const host = hosts.find((each) => each.member === member);
  if (host === undefined) throw new OpsError('INPUT_INVALID', `${cluster.name} has no member ${member} any more.`);
  return host;
}

/** The act that sets them back on a member's host; none where they stay. */
function beforeBy(settings: Settled['settings']): (member: Host['member']) => readonly ChangeAct[] {
  return (member) => settings.flatMap((each) => (each.member === member ? [{ act: 'settings', settings: each.before }] : []));
}

export async function planSettings({ settings }: Settled, world: World): Promise<readonly PlannedCommand[]> {
  const wanted = beforeBy(settings);
  return planOn(
    settings.map(({ member }) => hostOf(world, member)),
    ({ member }) => wanted(member),
  );
}

/** Gives the difference it made on each host. */
export async function putSettingsBack({ settings }: Settled, world: World): Promise<string> {
  const differences = new Map<string, string>();
  const wanted = beforeBy(settings);
  await inParallel(world.hosts, async (host) => {
    for (const act of wanted(host.member)) differences.set(host.member, (await host.do(act)).difference ?? '');
  });
  return settings.flatMap(({ member }) => (differences.get(member) ? [`${member}:\n${differences.get(member)}`] : [])).join('\n');
}

export async function settingsAreBack({ settings }: Settled, world: World): Promise<Finding> {
  return allOf(await Promise.all(settings.map(({ member, before }) => hostOf(world, member).configured(before))));
}
