/** Who is in a Slack user group, as the rules need it. */
import type { UserId } from '../ids.ts';

/** How old an answer may be: of this very moment, or as old as the implementation remembers one. */
export type Freshness = 'now' | 'recent';

/** Looks up the members of user groups. Implemented over Slack; a look-up that fails throws, and that means no. */
export interface Groups {
  /**
   * @param groupId a Slack user-group id (`S…`)
   * @param freshness `now` asks Slack again; `recent`, the default, takes what Slack said within the last minute
   */
  membersOf(groupId: string, freshness?: Freshness): Promise<ReadonlySet<UserId>>;
  /** What a person can do who is refused because a look-up failed, as the end of a sentence; to try again in a minute, when not given. */
  readonly unreadHint?: string;
}
