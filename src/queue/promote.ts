/** Wakes a run that waits. */
import type { Job } from 'bullmq';

/** BullMQ's codes (its enum ErrorCode, which it does not export as values we could name). */
const jobNotExist = -1;
const jobLockNotExist = -2;
const jobNotInState = -3;
const jobLockMismatch = -6;

/** Lets a delayed run go on now. One that is not delayed is in a worker's hands, and that one looks again once it has put it to wait. */
export async function promoteIfDelayed(job: Job): Promise<void> {
  try {
    await job.promote();
  } catch (error) {
    if (!hasCode(error, jobNotExist, jobNotInState)) throw error;
  }
}

/** Whether BullMQ refused a move because the job is not this worker's any more. */
export function isNotOurs(error: unknown): boolean {
  return hasCode(error, jobNotExist, jobLockNotExist, jobNotInState, jobLockMismatch);
}

function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
