/** Carries out once what is delivered twice: Slack repeats an event, and whoever has recorded a signed request can send it again. */
import type { Reply } from '../commands/reply.ts';
import { refused } from '../commands/reply.ts';
import { isOpsError } from '../errors.ts';
import { limits } from './limits.ts';

/** Remembers what was taken, for all processes that take words; implemented over Redis. */
export interface Seen {
  /**
   * Whether an id is seen for the first time. It is remembered with the asking, so of two at once one is new.
   * @throws OpsError QUEUE_UNAVAILABLE
   */
  isNew(id: string, keptMs: number): Promise<boolean>;
}

/**
 * Does the work when the id is new, and gives its reply; undefined when it was done before. What cannot be known to be new is refused.
 * Ids are kept for longer than a signed request is taken (5 minutes) and an event is repeated.
 * @param id a command's `trigger_id` or an event's `event_id`, unique for each: https://docs.slack.dev/interactivity/implementing-slash-commands
 */
export async function once(seen: Seen, id: string | undefined, work: () => Promise<Reply>): Promise<Reply | undefined> {
  try {
    if (id !== undefined && !(await seen.isNew(id, limits.redeliveryMs))) return undefined;
  } catch (error) {
    if (isOpsError(error)) return refused(error.code, error.message, error.hint);
    throw error;
  }
  return work();
}
