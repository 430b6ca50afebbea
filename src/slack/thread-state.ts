/** What is remembered of a run's messages, so that each is posted once and found again. */
import type { RunId } from '../ids.ts';

/** One message that stands in Slack. */
export interface Posted {
  readonly ts: string;
  /** Of what it shows; an edit is made only when this differs. */
  readonly digest: string;
}

/** The messages of one run. JSON. */
export interface ThreadRecord {
  /** The channel's id as Slack gave it when the root message was posted. */
  readonly channel: string;
  readonly root: Posted;
  /** ISO 8601, of the last edit of the root. */
  readonly rootEditedAt: string;
  /** Replies by their key: `step:<seq>`, `gate:<seq>`, `remind-half:<seq>`, `remind-late:<seq>`, `glass:<seq>`, `end:<seq>`; files as `file:<seq>`. */
  readonly replies: Readonly<Record<string, Posted>>;
}

/** Remembers the messages of runs. One writer at a time per run: the queue of reports renders a run in one place only. */
export interface ThreadState {
  get(run: RunId): Promise<ThreadRecord | undefined>;
  set(run: RunId, record: ThreadRecord): Promise<void>;
  /** The run whose root message this is: what a word said in its thread is about. */
  runAt(channel: string, rootTs: string): Promise<RunId | undefined>;
}
