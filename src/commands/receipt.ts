/** What became of a decision, told to who made it. */
import type { Decision, Gate } from '../engine/journal.ts';
import type { DecisionReceipt } from '../engine/runs.ts';
import type { RunId, UserId } from '../ids.ts';
import type { Reply } from './reply.ts';

const said: Readonly<Record<Decision['verdict'], string>> = {
  approve: 'Your approval of',
  reject: 'Your rejection of',
  retry: 'Your retry of',
  abort: 'Your abort at',
  choose: 'Your choice at',
  'break-glass': 'Your break-glass at',
  'cancel-break-glass': 'Your cancellation of the break-glass at',
};

interface Saying {
  readonly run: RunId;
  readonly gate: Gate;
  readonly verdict: Decision['verdict'];
  /** When a break-glass counts. */
  readonly countsAt?: Date;
}

/** The sentence that is true of what was said at a gate; it names the step that was answered. */
export function inWords({ run, gate, verdict, countsAt }: Saying, answer: DecisionReceipt): Reply {
  const at = `“${gate.title}” (${run})`;
  switch (answer.state) {
    case 'recorded': {
      if (countsAt !== undefined)
        return receipt(
          run,
          true,
          `${said[verdict]} ${at} is recorded, and the channel is told. It counts from ${clockTime(countsAt)} on, if plan and facts are the same then, unless somebody says \`cancel-break-glass ${run}\`.`,
        );
      const missing = answer.required - answer.approvals;
      const more =
        verdict === 'approve' && missing > 0 ? ` ${missing} more ${missing === 1 ? 'approval is' : 'approvals are'} needed.` : '';
      const what = verdict === 'approve' && gate.attests !== undefined ? 'Your attestation of' : said[verdict];
      return receipt(run, true, `${what} ${at} is recorded.${more}`);
    }
    case 'repeated':
      return receipt(run, false, `You had already said “${wordOf(answer.earlier)}” at ${at}; the first word counts.`);
    case 'forestalled': {
      const { by, option, verdict: earlier } = answer.earlier;
      if (earlier === 'break-glass')
        return receipt(run, false, `A break-glass of ${by} stands at ${at} already; nothing more was recorded.`, [by]);
      const way = gate.options?.find(({ id }) => id === option)?.title ?? option ?? '';
      return receipt(run, false, `${by} was first and chose “${way}”; your choice was not recorded.`, [by]);
    }
    case 'nothing':
      return receipt(run, false, `There is no break-glass to cancel at ${at}.`);
    case 'closed':
      return receipt(run, false, `Too late for ${at}, nothing was recorded: ${answer.how}`);
    default:
      return answer satisfies never;
  }
}

/** `03:25:10 UTC` */
function clockTime(at: Date): string {
  return `${at.toISOString().slice(11, 19)} UTC`;
}

/** `approve`, or `choose start`. */
function wordOf({ verdict, option }: Decision): string {
  return option === undefined ? verdict : `${verdict} ${option}`;
}

/** An answer to a decision. @param people who are named in it */
export function receipt(run: RunId, counted: boolean, sentence: string, people: readonly UserId[] = []): Reply {
  return { kind: 'receipt', run, counted, sentence, people };
}
