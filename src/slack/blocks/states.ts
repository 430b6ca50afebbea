/** How each state of a step, a gate and a run looks and reads. The word always stands beside the picture. */
import type { GateOutcome, RunOutcome, StepLine } from '../../engine/journal.ts';
import type { StepState } from '../../engine/view.ts';

interface Look {
  readonly emoji: string;
  readonly word: string;
}

/** A line of the checklist. */
export const stepLooks: Readonly<Record<StepState, Look>> = {
  pending: { emoji: 'white_small_square', word: 'to do' },
  running: { emoji: 'arrow_forward', word: 'running' },
  waiting: { emoji: 'raised_hand', word: 'waits for approval' },
  done: { emoji: 'white_check_mark', word: 'done' },
  'already-true': { emoji: 'white_check_mark', word: 'was so already' },
  declined: { emoji: 'heavy_minus_sign', word: 'left out' },
  planned: { emoji: 'memo', word: 'planned' },
  failed: { emoji: 'x', word: 'failed' },
};

/** What a step waits for, where it is not an approval. */
export const waitingWords: Readonly<Partial<Record<StepLine['kind'], string>>> = {
  choose: 'waits for a choice',
  attest: 'waits for an attestation',
};

/** What became of a gate. */
export const gateLooks: Readonly<Record<GateOutcome, Look>> = {
  approved: { emoji: 'white_check_mark', word: 'Approved' },
  chosen: { emoji: 'white_check_mark', word: 'Chosen' },
  rejected: { emoji: 'no_entry_sign', word: 'Rejected' },
  expired: { emoji: 'hourglass', word: 'Expired: nobody decided in time' },
  voided: { emoji: 'arrows_counterclockwise', word: 'Void' },
  retried: { emoji: 'arrows_counterclockwise', word: 'Retried' },
  aborted: { emoji: 'octagonal_sign', word: 'Aborted' },
};

/** How a run ended. */
export const outcomeLooks: Readonly<Record<RunOutcome, Look>> = {
  completed: { emoji: 'white_check_mark', word: 'done' },
  aborted: { emoji: 'octagonal_sign', word: 'aborted' },
  rejected: { emoji: 'no_entry_sign', word: 'rejected' },
  expired: { emoji: 'hourglass', word: 'ended: nobody decided in time' },
  planned: { emoji: 'memo', word: 'planned; nothing was changed' },
  failed: { emoji: 'x', word: 'failed' },
};
