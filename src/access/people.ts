/** Whether a person is on a list of user and user-group ids. */
import type { UserId } from '../ids.ts';
import type { Freshness, Groups } from './groups.ts';

/** What a look at a list says. `unknown`: a group could not be read, which counts as no, but is told apart. */
export type Listed = { readonly listed: boolean; readonly unread: readonly string[]; readonly hint?: string };

/**
 * Looks for a person on a list. Ids alone count, never names or e-mails: both can be changed by the person.
 * A group that cannot be read holds nobody.
 */
export async function isListed(groups: Groups, list: readonly string[], user: UserId, freshness: Freshness = 'recent'): Promise<Listed> {
  if (list.includes(user)) return { listed: true, unread: [] };
  const looks = await Promise.all(list.filter((id) => id.startsWith('S')).map((id) => look(groups, id, user, freshness)));
  return {
    listed: looks.some(({ found }) => found),
    unread: looks.flatMap(({ id, read }) => (read ? [] : [id])),
    ...(groups.unreadHint !== undefined && { hint: groups.unreadHint }),
  };
}

async function look(
  groups: Groups,
  id: string,
  user: UserId,
  freshness: Freshness,
): Promise<{ id: string; found: boolean; read: boolean }> {
  try {
    return { id, found: (await groups.membersOf(id, freshness)).has(user), read: true };
  } catch {
    // Whatever the reason, a permission that could not be looked at is not there; the refusal names the group.
    return { id, found: false, read: false };
  }
}
