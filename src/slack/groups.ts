/** Members of Slack user groups, looked up when a rule asks, and kept for at most a minute. */
import type { WebClient } from '@slack/web-api';
import type { Groups } from '../access/groups.ts';
import type { Clock } from '../engine/ports.ts';
import { OpsError } from '../errors.ts';
import { UserId } from '../ids.ts';
import { translated } from './errors.ts';

/** Somebody taken out of a group can still act for this long, but not where the rules ask anew. */
export const groupsKeptMs = 60_000;

interface Kept {
  readonly until: number;
  readonly members: Promise<ReadonlySet<UserId>>;
}

/** Groups by `usergroups.users.list` (scope usergroups:read): https://docs.slack.dev/reference/methods/usergroups.users.list */
export function createGroups({ client, clock }: { readonly client: WebClient; readonly clock: Pick<Clock, 'now'> }): Groups {
  const kept = new Map<string, Kept>();
  return {
    async membersOf(groupId, freshness = 'recent') {
      const now = clock.now().getTime();
      const known = kept.get(groupId);
      if (freshness === 'recent' && known !== undefined && now < known.until) return known.members;
      const members = lookUp(client, groupId);
      kept.set(groupId, { until: now + groupsKeptMs, members });
      try {
        return await members;
      } catch (error) {
        // A failure is not kept: the next question looks again.
        if (kept.get(groupId)?.members === members) kept.delete(groupId);
        throw error;
      }
    },
  };
}

async function lookUp(client: WebClient, groupId: string): Promise<ReadonlySet<UserId>> {
  try {
    const { users } = await client.usergroups.users.list({ usergroup: groupId, include_disabled: false });
    if (users === undefined) throw new OpsError('SLACK_REFUSED', `Slack did not say who is in ${groupId}.`);
    return new Set(users.flatMap((user) => UserId.safeParse(user).data ?? []));
  } catch (error) {
    throw translated(error, `reading the members of ${groupId}`);
  }
}
