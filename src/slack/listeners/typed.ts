/** The window in which the name of a cluster is typed: opened by a click that needs it, and read when it is submitted. */
import { z } from 'zod';
import type { Person, Reply } from '../../commands/reply.ts';
import { RunId, UserId } from '../../ids.ts';
import { answer } from '../answering.ts';
import type { ListenerDeps } from '../answering.ts';
import type { GateValue } from '../blocks/actions.ts';
import { confirmField, confirmView, readConfirmMetadata } from '../blocks/confirm.ts';
import { translated } from '../errors.ts';

/** Slack's name for what answers a submission: https://docs.slack.dev/surfaces/modals#displaying_errors */
type Ack = (response?: { readonly response_action: 'errors'; readonly errors: Record<string, string> }) => Promise<void>;

/** What is used of the payload: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
const Submission = z.object({
  user: z.object({ id: UserId, team_id: z.string().optional() }),
  view: z.object({
    private_metadata: z.string(),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))) }),
  }),
});

interface Asked {
  readonly person: Person;
  readonly value: GateValue;
  /** Good for three seconds after the click: https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses */
  readonly triggerId: string;
  readonly threadTs: string | undefined;
}

/** Opens the window for a click. When Slack does not, the person is told the words that do the same. @throws OpsError SLACK_* after that */
export async function askForName(
  deps: ListenerDeps,
  reply: Extract<Reply, { kind: 'confirm' }>,
  { person, value, triggerId, threadTs }: Asked,
): Promise<void> {
  const view = confirmView(reply.gate, {
    value,
    cluster: reply.confirm,
    channel: person.channel,
    ...(threadTs !== undefined && { threadTs }),
  });
  try {
    await deps.client.views.open({ trigger_id: triggerId, view });
  } catch (error) {
    // Late, or Slack is ill: the words work all the same.
    await answer(deps, reply, person, threadTs);
    throw translated(error, 'opening a window');
  }
}

interface Submitted {
  readonly body: unknown;
  readonly ack: Ack;
}

/** Takes a submission. A name that is not the cluster's is said beside the field; the right one is the click, as if it had come with the name. */
export async function onTyped(deps: ListenerDeps, { body, ack }: Submitted): Promise<void> {
  const submission = Submission.safeParse(body);
  const metadata = submission.success ? readConfirmMetadata(submission.data.view.private_metadata) : undefined;
  if (!submission.success || metadata === undefined) {
    await ack({
      response_action: 'errors',
      errors: { [confirmField.block]: 'This window is not one that is known: close it and click again.' },
    });
    return;
  }
  const { user, view } = submission.data;
  const { value, cluster, channel, threadTs } = metadata;
  const typed = view.state.values[confirmField.block]?.[confirmField.action]?.value ?? '';
  if (typed !== cluster) {
    await ack({
      response_action: 'errors',
      errors: {
        [confirmField.block]: `This is not the name of the cluster. Type ${cluster}, in small letters, without spaces, or close this window.`,
      },
    });
    return;
  }
  await ack();
  const person: Person = { user: user.id, channel, team: user.team_id ?? '', via: 'slack' };
  const reply = await deps.desk.click({ ...value, typed }, person);
  deps.requestRender(RunId.parse(value.gateId.replace(/\.[^.]*$/, '')));
  await answer(deps, reply, person, threadTs);
}
