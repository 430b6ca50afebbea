/** Takes back the alarm NOSPACE where it no longer holds. CORRUPT is another matter: it is never taken back along with it. */
import type { PlannedCommand } from '../../engine/command.ts';
import { allOf, fails, holds } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { OpsError } from '../../errors.ts';
import type { Alarm, ClusterLook } from '../../etcd/etcd.ts';
import { nameOf, noneCorrupt } from '../running/members.ts';
import { lookTwice } from '../running/patience.ts';
import { allUnderQuota } from './space.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The alarms of one type; alarms that could not be read are not "none". */
export function alarmsOf(look: ClusterLook, type: Alarm['type']): readonly Alarm[] | undefined {
  return look.alarms?.filter((alarm) => alarm.type === type);
}

/** Whether no member has the alarm. */
export async function noneRaised(world: World, type: Alarm['type']): Promise<Finding> {
  const look = await lookTwice(world);
  const raised = alarmsOf(look, type);
  if (raised === undefined) return fails('The alarms could not be read.');
  return raised.length === 0
    ? holds(`No alarm ${type}.`)
    : fails(`${type} is raised for ${list(raised.map(({ memberId }) => nameOf(look, memberId)))}.`);
}

/** The commands that take the alarms of one type back. */
export async function planDisarm(world: World, type: Alarm['type']): Promise<readonly PlannedCommand[]> {
  return (alarmsOf(await lookTwice(world), type) ?? []).map((alarm) => world.etcd.commands.disarm(alarm));
}

/** Looks once more at quotas and at CORRUPT, and takes NOSPACE back. Disarmed too early it would be raised again by the next write. */
export async function disarmNospace(world: World): Promise<void> {
  const look = await lookTwice(world);
  const allowed = allOf([noneCorrupt(look), await allUnderQuota(world)]);
  if (!allowed.holds) throw new OpsError('GUARD_REFUSED', `NOSPACE is not disarmed: ${allowed.because}`);
  for (const { memberId } of alarmsOf(look, 'NOSPACE') ?? []) await world.etcd.disarmNospace(memberId);
}
