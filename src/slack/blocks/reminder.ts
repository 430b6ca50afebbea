/** Reminders of an approval that is still needed: one in the thread, and a last one that calls the approvers. */
import type { SectionBlock } from '@slack/types';
import type { Gate } from '../../engine/journal.ts';
import type { Reminder } from '../../engine/reminders.ts';
import { limits } from '../limits.ts';
import { fallbackTime, moment } from '../text.ts';
import { typedWords } from './gate.ts';
import type { CardContext } from './gate.ts';
import { context, message } from './message.ts';
import type { Message } from './message.ts';
import { someOf } from './people.ts';
import { bold, emoji, lines, prose, rich } from './rich.ts';
import { runLabel } from './root.ts';

/** Whether the last reminder goes to the channel and calls people. Where silence only leaves something as it is, nobody is called for it. */
export function callsPeople({ otherwise }: Pick<Gate, 'otherwise'>, reminder: Reminder): boolean {
  return reminder === 'late' && otherwise === undefined;
}

/** The reminder. Only the one that calls people names any. It says nothing that a later word would make untrue. */
export function reminderMessage(gate: Gate, reminder: Reminder, { view, approvers, decisions }: CardContext): Message {
  const { run } = view;
  const said = decisions.filter(({ verdict }) => verdict === 'approve').length;
  const what = gate.attests === undefined ? 'approval' : 'attestation';
  const missing = gate.required - said;
  const wait = `${missing} more ${what}${missing === 1 ? ' is' : 's are'} needed`;
  const silence = gate.otherwise ?? 'Without it the run ends: silence is no.';
  const over = reminder === 'half' ? 'half of the time is over' : 'little time is left';
  return message(
    `Reminder, ${over}: ${wait} for “${gate.title}”, on ${run.cluster} (${run.runId}, expires ${fallbackTime(gate.expiresAt)}). ${silence}`,
    rich(lines([...emoji('hourglass_flowing_sand'), ...bold(`Reminder, ${over}: ${wait}`)], prose(gate.title), prose(silence))),
    callsPeople(gate, reminder) ? call(approvers.filter((id) => id !== run.requester.user)) : undefined,
    context(`Expires ${moment(gate.expiresAt, '{time} {date_short_pretty}')}  ·  ${runLabel(view)}`),
    context('The card above takes it', typedWords(gate, run.runId, ['approve', 'reject'])),
  );
}

/** In mrkdwn, because a mention there is sure to reach the people. The ids come from config.yaml. */
function call(approvers: readonly string[]): SectionBlock {
  const text = approvers.length === 0 ? 'Nobody is listed as approver but who asked.' : `${someOf(approvers)}: please look.`;
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, limits.sectionTextCharacters), verbatim: true } };
}
