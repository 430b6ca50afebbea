/** Names of people for texts where Slack does not show them by itself: tables and files. */
import type { WebClient } from '@slack/web-api';
import type { Clock } from '../engine/ports.ts';

/** Names do not matter to any rule, so an old one does no harm. */
const namesKeptMs = 60 * 60_000;
const namesKeptMax = 5_000;

/** Looks up names. */
export interface Names {
  /** Names by id; whoever cannot be looked up is missing, and is shown by the id. */
  of(users: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Names by `users.info` (scope users:read), kept for an hour. */
export function createNames({ client, clock }: { readonly client: WebClient; readonly clock: Pick<Clock, 'now'> }): Names {
  const kept = new Map<string, { readonly name: string; readonly until: number }>();
  const lookUp = async (user: string): Promise<readonly [string, string] | undefined> => {
    const known = kept.get(user);
    if (known !== undefined && clock.now().getTime() < known.until) return [user, known.name];
    try {
      const { user: found } = await client.users.info({ user });
      const name = found?.profile?.display_name || found?.real_name || found?.name;
      if (name === undefined || name === '') return undefined;
      if (kept.size >= namesKeptMax) kept.clear();
      kept.set(user, { name, until: clock.now().getTime() + namesKeptMs });
      return [user, name];
    } catch {
      // A name is an ornament: without it the id is shown, which is right as well.
      return undefined;
    }
  };
  return {
    async of(users) {
      const found = await Promise.all([...new Set(users)].map(lookUp));
      return new Map(found.filter((entry) => entry !== undefined));
    },
  };
}
