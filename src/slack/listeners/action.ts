/** A click on a card: authorised, bound to the plan that was shown, answered to who clicked. */
import { z } from 'zod';
import { RunId, UserId } from '../../ids.ts';
import { answer } from '../answering.ts';
import type { ListenerDeps } from '../answering.ts';
import { readGateValue } from '../blocks/actions.ts';
import { refused } from '../../commands/reply.ts';
import { askForName } from './typed.ts';

/** What is used of the payload: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
const Click = z.object({
  trigger_id: z.string().optional(),
  user: z.object({ id: UserId, team_id: z.string().optional() }),
  channel: z.object({ id: z.string(), name: z.string().optional() }),
  message: z.object({ ts: z.string(), thread_ts: z.string().optional() }).optional(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
});

interface Clicked {
  readonly body: unknown;
  readonly ack: () => Promise<void>;
}

/** Takes a click. A second one says the same again and does nothing. */
export async function onAction(deps: ListenerDeps, { body, ack }: Clicked): Promise<void> {
  await ack();
  const click = Click.safeParse(body);
  if (!click.success) return;
  const { user, channel, message, actions, trigger_id: triggerId } = click.data;
  const name = await deps.channelNames(channel.id, channel.name);
  const person = {
    user: user.id,
    channel: { id: channel.id, ...(name !== undefined && { name }) },
    // `team` of the payload is where the app is installed, in a shared channel too: it says nothing of the person.
    team: user.team_id ?? '',
    via: 'slack' as const,
  };
  const value = readGateValue(actions[0]?.value);
  if (value === undefined) {
    await answer(
      deps,
      refused('INPUT_INVALID', 'This button is not one that is known; nothing was done.', '`runs` shows what waits for a decision.'),
      person,
      message?.thread_ts,
    );
    return;
  }
  const reply = await deps.desk.click(value, person);
  if (reply.kind === 'confirm' && triggerId !== undefined) {
    await askForName(deps, reply, { person, value, triggerId, threadTs: message?.thread_ts });
    return;
  }
  // Asked for before the answer, so that a card that is out of date is put right even when the answer does not get through.
  deps.requestRender(RunId.parse(value.gateId.replace(/\.[^.]*$/, '')));
  await answer(deps, reply, person, message?.thread_ts);
}
