/** What the terminal's exit code says; docs/terminal.md has the same table. Numbers from 64 on are those of sysexits(3). */
import type { ErrorCode } from '../errors.ts';

/** By what happened. */
export const exitCodes = {
  /** Answered, recorded, or the run completed, or was planned and could go as planned. */
  done: 0,
  /** The run ended otherwise, or its plan would stop before anything is changed; a question failed, a word did not count, a journal is not as it was written. */
  notDone: 1,
  /** The words are no command. */
  words: 64,
  /** Redis does not answer: nothing was started or recorded, unless the sentence says that this is not known. */
  unavailable: 69,
  /** Redis fell silent while a run was followed: it goes on, and how it ends is not known here. EX_IOERR. */
  outOfSight: 74,
  /** Another run holds the cluster. */
  held: 75,
  notAllowed: 77,
  configuration: 78,
  /** Ctrl-C, or nobody reads what is printed any more: nobody follows the run; it goes on. */
  left: 130,
} as const;

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  INPUT_INVALID: exitCodes.words,
  QUEUE_UNAVAILABLE: exitCodes.unavailable,
  CLUSTER_HELD: exitCodes.held,
  NOT_ALLOWED: exitCodes.notAllowed,
  CONFIG_INVALID: exitCodes.configuration,
};

/** The exit code of a refusal. */
export function exitCodeOf(code: ErrorCode): number {
  return byCode[code] ?? exitCodes.notDone;
}
