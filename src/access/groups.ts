/** Who is in a Slack user group, as the rules need it. */
import type { UserId } from '../ids.ts';

/** Looks up the members of user groups. Implemented over Slack; a look-up that fails throws, and that means no. */
export interface Groups {
  /** @param groupId a Slack user-group id (`S…`) */
  membersOf(groupId: string): Promise<ReadonlySet<UserId>>;
  /** What a person can do who is refused because a look-up failed, as the end of a sentence; to try again in a minute, when not given. */
  readonly unreadHint?: string;
}
