/** `@etcd-medic …`: the same words as the slash command, and the way to give them inside a thread. */
import { z } from 'zod';
import { fromSlack } from '../../commands/normalise.ts';
import { UserId } from '../../ids.ts';
import { answer } from '../answering.ts';
import type { ListenerDeps } from '../answering.ts';
import { once } from '../seen.ts';

/** What is used of the event: https://docs.slack.dev/reference/events/app_mention */
const Mention = z.object({
  user: UserId,
  channel: z.string(),
  text: z.string(),
  thread_ts: z.string().optional(),
  /** Of the person; in a shared channel another team's. */
  user_team: z.string().optional(),
  team: z.string().optional(),
  bot_id: z.string().optional(),
});

interface Heard {
  readonly event: unknown;
  readonly eventId: string | undefined;
  /** The team the event came to, where the channel is shared with no other: else that team says nothing of the person, who is not let in without one. */
  readonly unsharedTeam: string | undefined;
  readonly botUserId: string | undefined;
}

/** Takes a mention. What another bot says is not a person's word and is left alone. */
export async function onMention(deps: ListenerDeps, { event, eventId, unsharedTeam, botUserId }: Heard): Promise<void> {
  const heard = Mention.safeParse(event);
  if (!heard.success || heard.data.bot_id !== undefined) return;
  const { user, channel, text, thread_ts: threadTs, user_team: userTeam, team } = heard.data;
  const [name, run] = await Promise.all([
    deps.channelNames(channel),
    threadTs === undefined ? undefined : deps.state.runAt(channel, threadTs),
  ]);
  const person = {
    user,
    channel: { id: channel, ...(name !== undefined && { name }) },
    team: userTeam ?? team ?? unsharedTeam ?? '',
    via: 'slack' as const,
  };
  const words = fromSlack(withoutMention(text, botUserId));
  const said = { words, prefix: '@etcd-medic', ...(run !== undefined && { run }) };
  const reply = await once(deps.seen, eventId, () => deps.desk.take(said, person));
  // Slack repeats an event when its acknowledgement was late: the first one is being answered.
  if (reply === undefined) return;
  if (reply.kind === 'receipt') deps.requestRender(reply.run);
  if (reply.kind !== 'asked') await answer(deps, reply, person, threadTs);
}

/** Takes the bot's own name off, wherever it stands. @param botUserId undefined: not known yet, and then only the first name goes */
export function withoutMention(text: string, botUserId: string | undefined): string {
  const own = botUserId === undefined ? /^\s*<@[UW][A-Z0-9]+(?:\|[^<>]*)?>/ : new RegExp(`<@${botUserId}(?:\\|[^<>]*)?>`, 'g');
  return text.replace(own, ' ').replace(/^[\s:,]+/, '');
}
