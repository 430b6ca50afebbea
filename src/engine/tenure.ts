/** One worker's hold on a run, from one take-up to the next: what it shows before it changes anything. */
import { isOpsError } from '../errors.ts';
import type { RunId } from '../ids.ts';

/**
 * Asked right before each change: resolves while the run is this worker's. Waits while that cannot be known for a moment.
 * @throws OpsError RUN_TAKEN_OVER when another worker has the run, QUEUE_UNAVAILABLE when it cannot be known
 */
export type Permit = () => Promise<void>;

/** A run as one worker holds it. */
export interface Tenure {
  readonly runId: RunId;
  /** Raised at each take-up: of two workers that believe they have the run, the one with the higher epoch has it. */
  readonly epoch: number;
  readonly permit: Permit;
}

/**
 * Whether something thrown means that this worker must let the run go, rather than that a step failed: another one has it, or it
 * cannot be known who has it. The run itself goes on.
 */
export function mustLetGo(error: unknown): boolean {
  return isOpsError(error, 'RUN_TAKEN_OVER', 'HOST_FENCED', 'QUEUE_UNAVAILABLE');
}

/** For a world that belongs to no run: a question changes nothing. */
export const mayChangeNothing: Permit = () => Promise.reject(new Error('only a run may change something'));
