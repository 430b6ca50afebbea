/** What the desk answers: the same values for Slack and for the terminal, so that the two cannot differ. */
import type { Gate, JournalEntry, RunRequest } from '../engine/journal.ts';
import type { RunView } from '../engine/view.ts';
import type { ClusterName, UserId, RunId } from '../ids.ts';
import type { ErrorCode } from '../errors.ts';
import type { Answer } from '../procedures/answer.ts';

/** A person at one of the two fronts. */
export interface Person {
  readonly user: UserId;
  /** Where it was said. `name` without `#`; absent when it could not be looked up. */
  readonly channel: { readonly id: string; readonly name?: string };
  /** The Slack team of the person. */
  readonly team: string;
  readonly via: 'slack' | 'terminal';
}

/** The answer to one command or click. Sentences name people by their Slack id; a front may show them otherwise. */
export type Reply =
  /** A run was started; its report follows in the channel. */
  | { readonly kind: 'started'; readonly run: RunRequest; readonly sentence: string }
  /** A question was passed on; its answer follows in the channel. */
  | { readonly kind: 'asked'; readonly jobId: string; readonly sentence: string }
  /** Another run holds the cluster; nothing was started. */
  | { readonly kind: 'held'; readonly by: RunView; readonly sentence: string; readonly next: string }
  /** Answered at once. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The whole journal of a run as it stands: each front shows it in its own way. */
  | { readonly kind: 'journal'; readonly view: RunView; readonly entries: readonly JournalEntry[] }
  /** A decision was taken in, or was too late: what is true now. */
  | {
      readonly kind: 'receipt';
      readonly run: RunId;
      readonly counted: boolean;
      readonly sentence: string;
      readonly people?: readonly UserId[];
    }
  /** A click that counts only with what must be typed: nothing was recorded, and the front asks for it. `next` says it in words. */
  | { readonly kind: 'confirm'; readonly gate: Gate; readonly confirm: ClusterName; readonly sentence: string; readonly next: string }
  /** Not done, why, and what to do next. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly sentence: string; readonly next: string };

/** A refusal in words. */
export function refused(code: ErrorCode, sentence: string, next: string): Reply {
  return { kind: 'refused', code, sentence, next };
}

/** Who is named in a reply, so that a front can show names in place of ids. */
export function peopleIn(reply: Reply): readonly UserId[] {
  if (reply.kind === 'receipt') return reply.people ?? [];
  if (reply.kind === 'held') return [reply.by.run.requester.user];
  return reply.kind === 'started' ? [reply.run.requester.user] : [];
}
