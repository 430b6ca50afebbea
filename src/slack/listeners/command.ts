/** `/etcd …`: acknowledged first, then taken to the desk; the answer is for the one who typed it. */
import type { SlackCommandMiddlewareArgs } from '@slack/bolt';
import { fromSlack } from '../../commands/normalise.ts';
import { refused } from '../../commands/reply.ts';
import { UserId } from '../../ids.ts';
import { answer } from '../answering.ts';
import type { ListenerDeps } from '../answering.ts';
import { once } from '../seen.ts';
import { slashCommand } from '../surface.ts';

/** Slack does not repeat commands by itself: whoever typed it should hear of it. */
const again = refused(
  'INPUT_INVALID',
  'This command was delivered a second time; it was taken once, the first time.',
  'If you mean it again, type it again.',
);

/** Takes a slash command: https://docs.slack.dev/interactivity/implementing-slash-commands */
export async function onCommand(deps: ListenerDeps, { command, ack }: Pick<SlackCommandMiddlewareArgs, 'command' | 'ack'>): Promise<void> {
  await ack();
  const name = await deps.channelNames(command.channel_id, command.channel_name);
  const person = {
    user: UserId.parse(command.user_id),
    channel: { id: command.channel_id, ...(name !== undefined && { name }) },
    team: command.team_id,
    via: 'slack' as const,
  };
  const words = fromSlack(command.text ?? '');
  const reply = (await once(deps.seen, command.trigger_id, () => deps.desk.take({ words, prefix: slashCommand }, person))) ?? again;
  // A question is answered in the channel a moment later: two messages for one question would be noise.
  if (reply.kind === 'receipt') deps.requestRender(reply.run);
  if (reply.kind !== 'asked') await answer(deps, reply, person);
}
