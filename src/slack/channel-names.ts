/** Names of channels, for the rules that allow `#name` or `#prefix-*`. */
import type { WebClient } from '@slack/web-api';
import type { Clock } from '../engine/ports.ts';

/** A channel that was renamed is known by its old name for this long. */
const channelNamesKeptMs = 60_000;
const channelNamesKeptMax = 1_000;

/** Slack calls every private channel and every direct message this in a slash command. */
const hidden: readonly string[] = ['privategroup', 'directmessage'];

/** Looks up the name of a channel; undefined when it cannot be known, and then only its id can be allowed. */
export type ChannelNames = (channelId: string, said?: string) => Promise<string | undefined>;

/** Names by `conversations.info` (scopes channels:read, groups:read), asked only when what came with the message does not say. */
export function createChannelNames({ client, clock }: { readonly client: WebClient; readonly clock: Pick<Clock, 'now'> }): ChannelNames {
  const kept = new Map<string, { readonly name: string; readonly until: number }>();
  return async (channelId, said) => {
    if (said !== undefined && said !== '' && !hidden.includes(said)) return said;
    const now = clock.now().getTime();
    const known = kept.get(channelId);
    if (known !== undefined && now < known.until) return known.name;
    try {
      const name = (await client.conversations.info({ channel: channelId })).channel?.name;
      if (name === undefined || name === '') return undefined;
      if (kept.size >= channelNamesKeptMax) kept.clear();
      kept.set(channelId, { name, until: now + channelNamesKeptMs });
      return name;
    } catch {
      // An unknown name matches no rule: the refusal then shows the id.
      return undefined;
    }
  };
}
