/** The whole click on a card, as a person makes it: the button, and the window in which the name of the cluster is typed where a gate asks for it. */
import type { Gate } from '../../src/engine/journal.ts';
import { confirmField } from '../../src/slack/blocks/confirm.ts';
import { until } from './local-slack.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';

const windowLimitMs = 20_000;

interface Click {
  readonly gate: Pick<Gate, 'gateId' | 'confirm'>;
  readonly card: Pick<LocalMessage, 'ts'>;
  readonly verdict: 'approve' | 'reject' | 'retry' | 'abort';
  readonly by: string;
  readonly channel: string;
  /** What is typed; what the gate asks for when not given. */
  readonly typed?: string;
}

/** Clicks. Gives whether a window was open and has been submitted; who may not approve is told so and sees none. */
export async function clickThrough(slack: LocalSlack, { gate, card, verdict, by, channel, typed = gate.confirm }: Click): Promise<boolean> {
  const toldBefore = await toldTo(slack, channel, by);
  await slack.click(by, channel, card.ts, `gate.${verdict}`);
  if (verdict !== 'approve' || typed === undefined) return false;
  if (!(await windowOpens(slack, gate.gateId, async () => (await toldTo(slack, channel, by)) > toldBefore))) return false;
  await slack.submit(by, { [confirmField.block]: { [confirmField.action]: typed } });
  return true;
}

async function windowOpens(slack: LocalSlack, gateId: string, isAnswered: () => Promise<boolean>): Promise<boolean> {
  let opened = false;
  await until(
    async () => {
      opened = (await slack.views()).at(-1)?.private_metadata.includes(`"${gateId}"`) === true;
      return opened || isAnswered();
    },
    windowLimitMs,
    () => `the click at ${gateId} opened no window and was not answered`,
  );
  return opened;
}

async function toldTo(slack: LocalSlack, channel: string, person: string): Promise<number> {
  return (await slack.messages(channel)).filter(({ ephemeral_to: to }) => to === person).length;
}
