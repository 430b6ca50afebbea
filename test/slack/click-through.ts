/** The whole click on a card, as a person makes it: the button, and the window in which the name of the cluster is typed where a gate asks for it. */
import type { Gate } from '../../src/engine/journal.ts';
import { confirmField } from '../../src/slack/blocks/confirm.ts';
import type { LocalMessage, LocalSlack } from './local-slack.ts';

interface Click {
  readonly gate: Pick<Gate, 'confirm'>;
  readonly card: Pick<LocalMessage, 'ts'>;
  readonly verdict: 'approve' | 'reject' | 'retry' | 'abort';
  readonly by: string;
  readonly channel: string;
}

/** Clicks. Gives whether a window was open and has been submitted; who may not approve is told so and sees none. */
export async function clickThrough(slack: LocalSlack, { gate, card, verdict, by, channel }: Click): Promise<boolean> {
  const button = [by, channel, card.ts, `gate.${verdict}`] as const;
  if (verdict !== 'approve' || gate.confirm === undefined) {
    await slack.click(...button);
    return false;
  }
  if ((await slack.clickForWindow(...button)) === undefined) return false;
  await slack.submit(by, { [confirmField.block]: { [confirmField.action]: gate.confirm } });
  return true;
}
