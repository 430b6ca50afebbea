/** Shows what the desk answered, waits for what takes time, and gives the exit code. */
import type { Reply } from '../commands/reply.ts';
import type { RunOutcome } from '../engine/journal.ts';
import type { RunId } from '../ids.ts';
import type { Answer } from '../procedures/answer.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { Output, Refusal } from './output.ts';

/** What takes time, handed in. */
export interface Waiting {
  /** Follows a run to its end; undefined when the person left it. */
  followed(run: RunId): Promise<RunOutcome | undefined>;
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
      const outcome = await followed(reply.run.runId);
      if (outcome === undefined) {
        output.left(reply.run.runId);
        return exitCodes.left;
      }
      return outcome === 'completed' || outcome === 'planned' ? exitCodes.done : exitCodes.notDone;
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
