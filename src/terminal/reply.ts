/** Shows what the desk answered, waits for what takes time, and gives the exit code. */
import type { Reply } from '../commands/reply.ts';
import type { RunRequest } from '../engine/journal.ts';
import type { Answer } from '../procedures/answer.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { Followed } from './follow.ts';
import type { Output, Refusal } from './output.ts';

/** What takes time, handed in. */
export interface Waiting {
  /** Follows a run to its end, or as far as that goes. */
  followed(run: RunRequest): Promise<Followed>;
  /** Waits for a worker's answer to a question. */
  answered(jobId: string): Promise<{ readonly state: 'answered'; readonly answer: Answer } | ({ readonly state: 'failed' } & Refusal)>;
}

/** @returns the exit code */
export async function showReply(reply: Reply, output: Output, { followed, answered }: Waiting): Promise<number> {
  switch (reply.kind) {
    case 'answer':
      output.answer(reply.answer);
      return exitCodes.done;
    case 'journal':
      output.journal(reply.view, reply.entries);
      return exitCodes.done;
    case 'receipt':
      output.receipt(reply);
      return reply.counted ? exitCodes.done : exitCodes.notDone;
    case 'started': {
      output.started(reply.run, reply.sentence);
      return endOf(reply.run, output, await followed(reply.run));
    }
    case 'asked': {
      const said = await answered(reply.jobId);
      if (said.state === 'answered') output.answer(said.answer);
      else output.refused(said);
      return said.state === 'answered' ? exitCodes.done : exitCodes.notDone;
    }
    case 'held':
      output.held(reply);
      return exitCodes.held;
    case 'confirm':
      // Only a click is asked for more in a window; words that lack the name are refused.
      output.refused({ code: 'INPUT_INVALID', sentence: reply.sentence, next: reply.next });
      return exitCodeOf('INPUT_INVALID');
    case 'refused':
      output.refused(reply);
      return exitCodeOf(reply.code);
    default:
      return reply satisfies never;
  }
}

function endOf({ runId }: RunRequest, output: Output, followed: Followed): number {
  switch (followed.state) {
    case 'ended':
      return followed.outcome === 'completed' || (followed.outcome === 'planned' && followed.stops !== true)
        ? exitCodes.done
        : exitCodes.notDone;
    case 'left':
      output.left(runId);
      return exitCodes.left;
    case 'out-of-sight':
      output.refused({
        code: 'QUEUE_UNAVAILABLE',
        sentence: `${followed.because} ${runId} goes on; it is not followed here any more.`,
        next: `When Redis answers again, \`show ${runId}\` says where it stands.`,
      });
      return exitCodes.outOfSight;
    default:
      return followed satisfies never;
  }
}
